/** From "reserve" to a login that works. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hashSecret } from '../../src/accounts/hashing/sha512-crypt.ts'
import type { BenchPool, Group, RawContainer } from '../session.ts'
import { inTurn, median, series, type Took, timed, timedAndBusy, WORK } from '../measuring.ts'
import { logIn, untilGreeted } from '../../lab/ssh.ts'

const run = promisify(execFile)
const ROUNDS = 15
const ROUNDS_OF_TEN = 5
const SIZE = 10
const PASSWORD = 'test'
const BY_HAND = '`docker exec` of useradd and chpasswd'

interface Made {
  readonly id: string
  readonly username: string
  readonly password: string
  readonly containers: readonly { readonly port: number }[]
}

/** The account commands that the manager would need without what it prepares; the hash is there already. */
function accountScript(username: string, hash: string): string {
  return `useradd --create-home --shell /bin/bash ${username} && echo '${username}:${hash}' | chpasswd --encrypted`
}

async function rawAccount({ id }: RawContainer, username: string, hash: string): Promise<void> {
  await run('docker', ['exec', id, 'sh', '-c', accountScript(username, hash)])
}

export const reserve: Group = {
  name: 'reserve',
  about: `Reserving in a pool of ${SIZE}, one person at a time, and logging in. Its limit is what an operator would do by hand, in a
container of its own: ${BY_HAND}, with a hash that was made before.`,
  async *measure(lab) {
    await using raw = await lab.openRaw()
    await using pool = lab.openPool({ size: SIZE })
    await pool.fill()
    const byHand = await raw.make(0)
    await untilGreeted(byHand.spec.port)
    const hash = hashSecret({ password: PASSWORD, random: false })
    const took = series('cli', 'api', 'rawLogin', 'get', 'getLogin', 'login', 'post', 'postLogin')
    await inTurn(ROUNDS, async (round) => {
      // Something by hand before each: what the one before has left to do is not this one's.
      took.cli.push(await timed(() => rawAccount(byHand, `cli${round}`, hash)))
      const got = await reserveAndLogIn(pool, () => pool.manager.reserve({ username: `u${round}` }))
      const script = accountScript(`api${round}`, hash)
      took.api.push(await timed(() => lab.docker.exec(byHand.id, ['sh', '-c', script])))
      const credentials = { port: byHand.spec.port, username: `cli${round}`, password: PASSWORD }
      took.rawLogin.push(await timed(() => logIn(credentials)))
      const posted = await reserveAndLogIn(pool, () => post(pool))
      took.get.push(got.answer)
      took.login.push(got.login)
      took.getLogin.push(got.answer + got.login)
      took.post.push(posted.answer)
      took.postLogin.push(posted.answer + posted.login)
    })
    const how = `median of ${ROUNDS}`
    const limit = { what: BY_HAND, value: median(took.cli), unit: 'ms' as const }
    const target = { of: 'limit' as const, is: 'under' as const, than: 0.15 }
    const one = { value: median(took.get), unit: 'ms' as const, how }
    yield { what: '`GET /reserve`, request to answer', ...one, limit, target }
    yield {
      what: '`POST /v1/reservations` with a password of its own, request to answer',
      value: median(took.post),
      unit: 'ms',
      how,
      limit,
      target,
    }
    yield {
      what: 'from the answer of `GET /reserve` to the first login',
      value: median(took.login),
      unit: 'ms',
      how,
      limit: { what: 'a login to the account made by hand', value: median(took.rawLogin), unit: 'ms' },
      target: { of: 'limit', is: 'under', than: 1.25 },
    }
    yield { what: '`GET /reserve`, request to first login', value: median(took.getLogin), unit: 'ms', how }
    yield { what: '`POST /v1/reservations`, request to first login', value: median(took.postLogin), unit: 'ms', how }
    yield {
      what: 'the account commands by hand, over the API and without the client',
      value: median(took.api),
      unit: 'ms',
      how,
    }

    const tens: Took[] = []
    await inTurn(ROUNDS_OF_TEN, async (round) => {
      tens.push(await timedAndBusy(() => pool.manager.reserve({ username: `ten${round}`, count: SIZE })))
      await pool.releaseAll()
      await pool.untilReady()
    })
    const ten = {
      value: median(tens.map(({ ms }) => ms)),
      unit: 'ms' as const,
      how: `median of ${ROUNDS_OF_TEN}`,
    }
    yield {
      what: '`GET /reserve` of ten, request to answer',
      ...ten,
      limit: { ...one, what: 'reserve one' },
      target: { of: 'limit', is: 'under', than: 1.5 },
    }
    // Each of them alone is too short for the steps in which the kernel counts.
    const busy = tens.reduce((sum, each) => sum + each.busy, 0) / ROUNDS_OF_TEN
    yield { what: 'the same', ...ten, limit: { what: WORK, value: busy, unit: 'ms' } }
  },
}

/** Returns milliseconds; releases everything. */
async function reserveAndLogIn(
  pool: BenchPool,
  ask: () => Promise<Pick<Made, 'username' | 'password' | 'containers'>>,
): Promise<{ answer: number; login: number }> {
  const began = performance.now()
  const { username, password, containers } = await ask()
  const answer = performance.now() - began
  // The first attempt has to succeed: the account is there as soon as the answer is.
  const login = await timed(() => logIn({ port: containers[0]?.port ?? 0, username, password }))
  await pool.releaseAll()
  await pool.untilReady()
  return { answer, login }
}

async function post({ manager }: BenchPool): Promise<Made> {
  const { status, body } = await manager.send('POST', '/v1/reservations', {})
  if (status !== 201) throw new Error(`POST /v1/reservations: ${status}`)
  return body as Made
}
