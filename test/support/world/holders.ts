/** Checks the answers to concurrent requests: against the rows of the reservations, and by logging in. */
import assert from 'node:assert/strict'
import type { Asked } from '../http/asking.ts'
import { isRefused, login } from '../ssh.ts'

/** A reservation as the database has it. */
export interface Row {
  readonly id: string
  readonly username: string
  readonly state: string
  readonly count: number
  /** Names of the containers that it holds, sorted. */
  readonly held: readonly string[]
}

/** Asserts that the answers to one request agree with the reservations of its user. */
export function assertAnswersAgree(request: Asked, rows: readonly Row[]): void {
  const { statuses, reasons, ids, containers } = request
  const details = JSON.stringify({ request, rows })
  const answered = statuses.filter((status) => status !== 0)
  const active = rows.filter((row) => row.state === 'active')
  const areExpected = answered.every((status) => [200, 201, 202, 409].includes(status))
  assert.ok(areExpected, `unexpected status: ${details}`)
  const areShortages = reasons.every((reason) => reason === 'not_enough' || reason.startsWith('Only '))
  assert.ok(areShortages, `unexpected refusal: ${details}`)
  assert.ok(rows.filter((row) => row.state !== 'ended').length <= 1, `more than one reservation: ${details}`)
  assert.ok(new Set(ids).size <= 1, `two reservations for one key: ${details}`)
  if (answered.some((status) => status === 200 || status === 201)) {
    const names = containers.map(({ name }) => name).toSorted()
    assert.deepEqual([active.length, active[0]?.held], [1, names], details)
  } else if (answered.length === statuses.length && answered.every((status) => status === 409)) {
    assert.deepEqual(rows, [], `a refused request has a reservation: ${details}`)
  }
  for (const { state, count, held } of rows) assert.equal(held.length, state === 'active' ? count : 0, details)
}

/**
 * Asserts that at most `maxUsers` of the users log in with their own password, and not with that of another user.
 * Returns the number of logins.
 */
export async function assertLogins(requests: readonly Asked[], maxUsers: number): Promise<number> {
  const served = requests.filter(({ containers }) => containers.length > 0)
  const step = Math.max(1, Math.floor(served.length / maxUsers))
  const sample = served.filter((_, index) => index % step === 0).slice(0, maxUsers)
  const logins = sample.flatMap(({ username, password, containers }) => {
    const other = served.find((request) => request.username !== username)
    return containers.map(async ({ name, port, hostKey }) => {
      const session = await login({ port, username, password })
      assert.equal(session.hostKey, hostKey, `${name}: the host key differs from that of the answer`)
      assert.equal((await session.exec('whoami')).stdout, username)
      session.close()
      if (!other) return
      assert.ok(await isRefused({ port, username: other.username, password: other.password }), name)
      assert.ok(await isRefused({ port, username, password: other.password }), name)
    })
  })
  await Promise.all(logins)
  return logins.length
}
