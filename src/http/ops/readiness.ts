/** Whether the manager can do its work: the problems that /readyz reports. */
import type { Static } from 'typebox'
import { reasonOf } from '../../domain/errors.ts'
import { poolProblem } from '../../domain/pools.ts'
import type { ServerContext } from '../context.ts'
import { NullableText, Type } from '../json-schema.ts'

/** /readyz warns below this. A busy pool writes a few MiB a day, but the engine may use the same disk. */
const MIN_FREE_BYTES = 1024 ** 3

/** Codes of the problems that /readyz reports. Some are also codes of errors. */
const READINESS_CODES = [
  'database_unavailable',
  'engine_unavailable',
  'pool_unusable',
  'containers_left_alone',
  'ssh_ports_unavailable',
  'disk_almost_full',
  'schema_too_new',
  'stopping',
] as const

const Problem = Type.Object(
  {
    code: Type.Enum([...READINESS_CODES], { title: 'ReadinessCode' }),
    pool: NullableText({ description: 'The pool that cannot lend anything; null unless code is pool_unusable' }),
    message: Type.String({ description: 'The same sentence as in reasons' }),
  },
  { title: 'ReadinessProblem' },
)
type ReadinessProblem = Static<typeof Problem>

export const Ready = Type.Object(
  {
    status: Type.Literal('ready'),
    reasons: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Problems despite which it serves: unusable pools or SSH ports, containers left alone, a disk almost full, ' +
          'a newer schema',
      }),
    ),
    problems: Type.Optional(Type.Array(Problem, { description: 'The reasons, with codes for programs' })),
  },
  { title: 'Ready', description: 'Database and engine answer, and at least one pool works' },
)

export const NotReady = Type.Object(
  {
    status: Type.Literal('not ready'),
    reasons: Type.Array(Type.String()),
    problems: Type.Array(Problem, { description: 'The reasons, with codes for programs' }),
  },
  {
    title: 'NotReady',
    description: 'The database or the engine does not work, or no pool can lend; try again after Retry-After seconds',
  },
)

/** Returns the problems in both forms: `reasons` is older than `problems`, and stays for the programs that read it. */
function listed(problems: ReadinessProblem[]): { reasons: string[]; problems: ReadinessProblem[] } {
  return { reasons: problems.map(({ message }) => message), problems }
}

type Deps = Pick<ServerContext, 'store' | 'pools' | 'log' | 'reconciler' | 'freeSpace' | 'drain' | 'gateway'>

/** Returns the function that determines the readiness now. */
export function createReadiness({
  store,
  pools,
  log,
  reconciler,
  freeSpace,
  drain,
  gateway,
}: Deps): () => Promise<Static<typeof Ready> | Static<typeof NotReady>> {
  /** Returns why requests cannot be served now; empty when they can. */
  async function servingProblems(): Promise<ReadinessProblem[]> {
    const found: ReadinessProblem[] = []
    const add = (code: ReadinessProblem['code'], message: string) => found.push({ code, pool: null, message })
    if (drain.hasBegun) add('stopping', 'this manager is about to stop; send requests to another manager')
    try {
      await store.poolFacts()
      if (!reconciler.databaseWritable()) {
        add('database_unavailable', 'nothing can be written into the database; the log of the manager says why')
      }
    } catch (error) {
      log.warn('the database does not answer', { reason: reasonOf(error) })
      add('database_unavailable', 'the database does not answer; the log of the manager says why')
    }
    // /readyz needs no token, so it does not show the engine's own message.
    if (!reconciler.engineAnswers()) {
      const asked = reconciler.engineProblem() !== null
      const why = asked ? 'does not answer; the log of the manager says why' : 'was not asked yet'
      add('engine_unavailable', `the container engine ${why}`)
    }
    return found
  }

  /** Returns why pools cannot lend anything. */
  async function poolProblems(): Promise<ReadinessProblem[]> {
    const { containers } = await store.snapshot()
    return pools.all().flatMap(({ name }) => {
      const problem = poolProblem(containers, name)
      const message = `pool "${name}" cannot lend any container: ${problem}`
      return problem === null ? [] : [{ code: 'pool_unusable' as const, pool: name, message }]
    })
  }

  /** Returns which containers are left alone, without their holders, because /readyz needs no token. */
  function ownershipProblems(): ReadinessProblem[] {
    const names = reconciler.protectedContainers().flatMap(({ row }) => row?.name ?? [])
    if (names.length === 0) return []
    const why = 'may hold a session that this database does not know, or belong to another one'
    const message = `containers left alone, because they ${why}: ${names.join(', ')}; see berth doctor`
    return [{ code: 'containers_left_alone', pool: null, message }]
  }

  /** Returns the SSH ports on which the gateway of this manager cannot listen, with their containers. */
  async function portProblems(): Promise<ReadinessProblem[]> {
    const failed = new Set(gateway?.failedPorts)
    if (failed.size === 0) return []
    const { containers } = await store.snapshot()
    const ports = containers.filter(({ port }) => failed.has(port)).map(({ name, port }) => `${port} (${name})`)
    if (ports.length === 0) return []
    const message = `the gateway cannot listen on port ${ports.join(', ')}; the log of the manager says why`
    return [{ code: 'ssh_ports_unavailable', pool: null, message }]
  }

  /** Returns why this manager does not lead: a newer version has changed the database. */
  function leadershipProblems(): ReadinessProblem[] {
    const message = reconciler.leadershipProblem()
    return message === null ? [] : [{ code: 'schema_too_new', pool: null, message }]
  }

  /** Returns the warning of a disk that is almost full: nothing can be written on a full one. */
  async function spaceProblems(): Promise<ReadinessProblem[]> {
    // If the disk cannot be read, the database does not answer either, which `servingProblems` reports.
    const free = await freeSpace().catch(() => null)
    if (free === null || free >= MIN_FREE_BYTES) return []
    const left = `${Math.floor(free / 1024 ** 2)} MiB`
    const message = `the disk of the database has only ${left} left; free some space before nothing can be written`
    return [{ code: 'disk_almost_full', pool: null, message }]
  }

  return async () => {
    const found = await servingProblems()
    const failing = found.length === 0 ? await poolProblems() : []
    // A manager that serves other pools is not taken out of service for one that fails.
    const serves = failing.length < pools.all().length
    if (found.length === 0 && serves) {
      const warnings = [
        ...failing,
        ...(await portProblems()),
        ...ownershipProblems(),
        ...leadershipProblems(),
        ...(await spaceProblems()),
      ]
      return { status: 'ready', ...(warnings.length > 0 && listed(warnings)) }
    }
    return { status: 'not ready', ...listed([...found, ...failing]) }
  }
}
