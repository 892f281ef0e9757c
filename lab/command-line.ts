/** Command lines of the programs that `just` runs. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { reasonOf } from '../src/domain/errors.ts'

/** Ends a program whose command line is wrong, with one line on stderr and exit code 2. */
export function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

/** Parses the command line of `program`, such as "just bench". `usage` follows the message about a wrong one. */
export function parseCommandLine<T extends ParseArgsConfig>(program: string, config: T, usage = '') {
  try {
    return parseArgs(config)
  } catch (error) {
    return refuse(`${program}: ${reasonOf(error)}${usage && `; ${usage}`}`)
  }
}
