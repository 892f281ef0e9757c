/** `berth gateway` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'

const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

export interface GatewayProcess {
  readonly child: ChildProcess
  /** IP address on which it listens. */
  readonly host: string
  readonly output: () => string
  /** Resolves with its exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Starts a gateway. `args` are further arguments of the command. */
export function startGateway(env: NodeJS.ProcessEnv, host: string, ...args: string[]): GatewayProcess {
  const child = spawn(process.execPath, [CLI, 'gateway', '--listen', host, ...args], { env, stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null)
  return { child, host, output: () => output, ended }
}

/** Returns the gateway when it listens. Throws with its output if it ends first. */
export async function listening(gateway: GatewayProcess): Promise<GatewayProcess> {
  await eventually(async () => {
    if (gateway.child.exitCode !== null) throw new Error(gateway.output())
    return gateway.output().includes('the gateway listens on')
  })
  return gateway
}
