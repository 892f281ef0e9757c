/** Programs that only tests use, see scripts/test-tools. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../node_modules/.cache/test-tools/bin', import.meta.url))

/** Returns the absolute path of a program. Throws if scripts/test-tools has not fetched it. */
export function testTool(name: string): string {
  const path = `${BIN}/${name}`
  try {
    accessSync(path, constants.X_OK)
  } catch (cause) {
    throw new Error(`${name} is missing: run scripts/test-tools, which fetches it`, { cause })
  }
  return path
}

interface Outcome {
  readonly code: number
  /** Stdout and stderr. */
  readonly output: string
}

/** Runs a program to its end. */
export async function runTool(name: string, args: readonly string[], cwd?: string): Promise<Outcome> {
  const child = spawn(testTool(name), args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [output] = await Promise.all([text(child), once(child, 'close')])
  return { code: child.exitCode ?? -1, output }
}

async function text({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  let written = ''
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      written += chunk
    })
  }
  await Promise.all([once(stdout, 'close'), once(stderr, 'close')])
  return written
}
