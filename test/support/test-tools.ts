/** Programs that only tests use, see scripts/test-tools. */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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
  try {
    const { stdout, stderr } = await promisify(execFile)(testTool(name), args, { timeout: 60_000, cwd })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'number')) throw error
    const { stdout, stderr } = error as Error & { stdout: string; stderr: string }
    return { code: error.code, output: stdout + stderr }
  }
}
