/** berth.yml as somebody may write it, and what is said about it. */
import assert from 'node:assert/strict'
import { stringify } from 'yaml'
import { type Config, parseConfig } from '../../src/config/config.ts'
import { BerthError } from '../../src/domain/errors.ts'

const FILE = '/somewhere/berth.yml'

/** A pool in which everything that has a default is left out. */
export const POOL = { size: 2, ssh_ports: '2221-2222' }

/** From YAML text, or from what it is to say. */
export function read(tree: unknown, environment: Readonly<Record<string, string>> = {}): Config {
  return parseConfig(typeof tree === 'string' ? tree : stringify(tree), FILE, environment)
}

/** The lines under the heading of an `invalid_config`. */
export function problems(tree: unknown, environment: Readonly<Record<string, string>> = {}): string[] {
  try {
    read(tree, environment)
  } catch (error) {
    assert.ok(error instanceof BerthError, String(error))
    assert.equal(error.code, 'invalid_config')
    const [heading, ...lines] = error.message.split('\n')
    assert.equal(heading, `${FILE} cannot be used:`)
    return lines.map((line) => line.trim())
  }
  return []
}
