/** The command line of `just simulate`. */
import { reasonOf } from '../../src/domain/errors.ts'
import { parseCommandLine, refuse } from '../command-line.ts'
import { readAddress } from './database.ts'

export interface SimulationOptions {
  readonly pools: number
  readonly containers: number
  readonly users: number
  readonly hours: number
  readonly managers: number
  readonly seed: number
  /** `sqlite`, or the URL of an empty PostgreSQL database. */
  readonly database: string
}

const USAGE =
  'usage: just simulate [--pools 20] [--containers 1000] [--users 500] [--hours 2] [--managers 1] [--seed 1] ' +
  '[--database sqlite|postgres://…] [--json]'

const OPTIONS = {
  pools: { type: 'string', default: '20' },
  containers: { type: 'string', default: '1000' },
  users: { type: 'string', default: '500' },
  hours: { type: 'string', default: '2' },
  managers: { type: 'string', default: '1' },
  seed: { type: 'string', default: '1' },
  database: { type: 'string', default: 'sqlite' },
  json: { type: 'boolean', default: false },
} as const

/** Minimum and maximum of each number. */
const RANGES = {
  pools: [1, 1_000],
  containers: [1, 1_000_000],
  users: [1, 1_000_000],
  hours: [1, 24],
  managers: [1, 10],
  seed: [0, 2 ** 32 - 1],
} as const

/** Ends the program with a message if the command line is wrong. */
export function readOptions(): { readonly options: SimulationOptions; readonly json: boolean } {
  const { values } = parseCommandLine('just simulate', { options: OPTIONS }, USAGE)
  const number = (name: keyof typeof RANGES): number => {
    const [least, most] = RANGES[name]
    const value = Number(values[name])
    if (values[name] !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    return refuse(
      `just simulate: --${name} must be a whole number from ${least} to ${most}, got "${values[name]}"; ${USAGE}`,
    )
  }
  const options = {
    pools: number('pools'),
    containers: number('containers'),
    users: number('users'),
    hours: number('hours'),
    managers: number('managers'),
    seed: number('seed'),
    database: values.database,
  }
  if (options.containers < options.pools) {
    const { pools, containers } = options
    refuse(`just simulate: --containers must be at least --pools (${pools}), got ${containers}; each pool has one`)
  }
  try {
    if (options.database !== 'sqlite') readAddress(options.database)
  } catch (error) {
    refuse(`just simulate: ${reasonOf(error)}; ${USAGE}`)
  }
  return { options, json: values.json }
}
