import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Name of a container of an instance from `newInstance`, as Berth shows it: instance, suffix and number. */
const TEST_CONTAINER = /^([a-z][a-z0-9-]*-\d+-[0-9a-f]{6})[a-z-]*-(?:\d+|image)$/

/** Commands whose output contains names of containers. */
const LISTING_COMMANDS = ['ps', 'network']

/**
 * Replaces names of test containers in arguments of the docker client by those that Docker knows. Of an `exec` or a
 * `run`, replaces only the first: the rest are arguments of the command in the container.
 */
export function withEngineNames(args: readonly string[]): string[] {
  const isCommand = args[0] === 'exec' || args[0] === 'run'
  const first = args.findIndex((arg) => TEST_CONTAINER.test(arg))
  return args.map((arg, at) => (isCommand && at !== first ? arg : arg.replace(TEST_CONTAINER, '$1.$&')))
}

/** Replaces Docker's names of test containers in the output of the docker client by those that Berth shows. */
export function withShortNames(text: string): string {
  return text.replaceAll(/\b([a-z][a-z0-9-]*-\d+-[0-9a-f]{6})\.(?=\1[a-z-]*-(?:\d+|image)\b)/g, '')
}

/**
 * Returns the output of the docker client, trimmed. Tests inspect containers with it, independently of the code that
 * they test. Names of test containers are those that Berth shows.
 */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', withEngineNames(args), { timeout: 60_000, maxBuffer: 64 * 1024 ** 2 })
  const text = stdout.trim()
  return LISTING_COMMANDS.includes(args[0] ?? '') ? withShortNames(text) : text
}

/** The same, as lines. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split('\n').filter((line) => line !== '')
}
