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
  /** Code or signal with which it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

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

/** Waits until it listens. */
export async function listening(gateway: GatewayProcess): Promise<GatewayProcess> {
  await eventually(async () => {
    if (gateway.child.exitCode !== null) throw new Error(gateway.output())
    return gateway.output().includes('the gateway listens on')
  })
  return gateway
}
