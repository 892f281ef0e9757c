/** `just simulate`: the managers' code at any scale, in virtual time. Exits with 1 if a promise was broken. */
import { hasCode, reasonOf } from '../../src/domain/errors.ts'
import { refuse } from '../command-line.ts'
import { readOptions } from './options.ts'
import { report } from './report.ts'
import { simulate } from './simulation.ts'

const { options, json } = readOptions()
const result = await simulate(options, (line) => process.stderr.write(`${line}\n`)).catch(refuseUnusableDatabase)
process.stdout.write(
  json ? `${JSON.stringify({ options: { ...options, database: kindOf() }, ...result })}\n` : report(options, result),
)
process.exitCode = result.problems.length > 0 ? 1 : 0

/** A stack trace would not help: the address or the database is wrong. */
function refuseUnusableDatabase(error: unknown): never {
  if (hasCode(error, 'invalid_config') || hasCode(error, 'database_unavailable')) {
    refuse(`just simulate: --database ${options.database}: ${reasonOf(error)}`)
  }
  throw error
}

/** Without the address of a server. */
function kindOf(): string {
  return options.database === 'sqlite' ? 'sqlite' : 'postgres'
}
