import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A container of an instance that `newInstance` named, as people see it: the instance, a suffix, and a number. */
const TEST_CONTAINER = /^([a-z][a-z0-9-]*-\d+-[0-9a-f]{6})[a-z-]*-(?:\d+|image)$/

/** Commands whose output has names of containers. */
const NAMING = ['ps', 'network']

/**
 * Returns arguments of the docker client in which test containers have Docker's names instead of those that people see.
 * Behind the first of an `exec` or a `run` are arguments of the command inside.
 */
export function withEngineNames(args: readonly string[]): string[] {
  const isCommand = args[0] === 'exec' || args[0] === 'run'
  const first = args.findIndex((arg) => TEST_CONTAINER.test(arg))
  return args.map((arg, at) => (isCommand && at !== first ? arg : arg.replace(TEST_CONTAINER, '$1.$&')))
}

/** Returns what the docker client prints, with the names of test containers that people see. */
export function withShortNames(text: string): string {
  return text.replaceAll(/\b([a-z][a-z0-9-]*-\d+-[0-9a-f]{6})\.(?=\1[a-z-]*-(?:\d+|image)\b)/g, '')
}

/**
 * Returns what the docker client prints, trimmed. Tests look at containers through it, past the code they test. Test
 * containers have the names that people see.
 */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', withEngineNames(args), { timeout: 60_000, maxBuffer: 64 * 1024 ** 2 })
  const text = stdout.trim()
  return NAMING.includes(args[0] ?? '') ? withShortNames(text) : text
}

/** The same, as lines. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split('\n').filter((line) => line !== '')
}
