/** What the name of a reservation can mean, and which reservations a command changes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOf, openClient, type Reservation } from '../../../src/client/client.ts'
import { choose, findByName, findContainer } from '../../../src/cli/reservations/lookup.ts'
import { changeEach, select } from '../../../src/cli/reservations/selection.ts'
import { Failure } from '../../../src/cli/failures.ts'
import { listening, openApi } from '../../../lab/api.ts'

const { address } = await listening(await openApi())
const client = openClient({ url: address })
const reserve = (username: string, note: string, count = 1) =>
  answerOf(client.POST('/v1/reservations', { body: { username, note, count } }))
const anna = await reserve('anna', 'lab 7')
const ben = await reserve('ben', 'lab 7', 2)
const twin = await reserve('ben', 'spare')
const all: readonly Reservation[] = [anna, ben, twin]
/** An id as real managers make them. */
const ID = '0f8b7c52-5f0e-4f7c-9b0e-4d1d2f6f3c11'
const idsOf = (reservations: readonly { readonly id: string }[]) => reservations.map(({ id }) => id).toSorted()

describe('a name', () => {
  const cases: readonly [name: string, fits: readonly Reservation[]][] = [
    [ID.slice(0, 4), [anna]],
    [ID, [anna]],
    [ID.slice(0, 3), []],
    ['anna', [anna]],
    ['lab 7', [anna, ben]],
    ['ben', [ben, twin]],
    ['spare', [twin]],
    ['alpine-3', [ben]],
    ['alpine-9', []],
    ['', []],
  ]
  for (const [name, fits] of cases) {
    it(`fits ${fits.length} reservations: "${name}"`, () => {
      const found = findByName([{ ...anna, id: ID }, ben, twin], name)
      assert.deepEqual(
        found.map(({ reservation }) => reservation.username + reservation.note),
        fits.map(({ username, note }) => username + note),
      )
    })
  }

  it('of a reservation means it, and NAME-N its container, unless NAME-N is the name of another reservation', () => {
    const named = [
      { ...anna, name: 'web-2' },
      { ...ben, name: 'web' },
      { ...twin, name: 'db' },
    ]
    const found = (name: string) =>
      findContainer(named, name).map(({ reservation, container }) => [reservation.id, container?.name])
    assert.deepEqual(found('db'), [[twin.id, undefined]])
    assert.deepEqual(found('web'), [[ben.id, undefined]])
    assert.deepEqual(found('web-1'), [[ben.id, 'alpine-2']])
    assert.deepEqual(found('web-2'), [[anna.id, undefined]])
    assert.deepEqual(found('web-3'), [])
    assert.deepEqual(found('db-1'), [[twin.id, 'alpine-4']])
    assert.deepEqual(findByName(named, 'db-1'), [], 'for what changes whole reservations')
  })

  it('of a container means that container, even if a user has the same name', () => {
    const found = findByName([{ ...twin, username: 'alpine-3' }, ben], 'alpine-3')
    assert.deepEqual(
      found.map(({ reservation, container }) => [reservation.id, container?.name]),
      [[ben.id, 'alpine-3']],
    )
  })

  it('that fits several is refused, with what it fits', async () => {
    await assert.rejects(choose(client, 'ben'), (error: Failure) => {
      assert.equal(error.exit, 2)
      assert.match(error.message, /^"ben" fits 2 reservations; name one of them by its id\n/)
      assert.match(error.message, /^ {2}\w+ {2}ben {2}alpine-2, alpine-3 {2}lab 7$/m)
      return true
    })
  })

  it('of a reservation comes before a user name and a note', async () => {
    const { id } = await answerOf(client.POST('/v1/reservations', { body: { name: 'ben' } }))
    assert.equal((await choose(client, 'ben')).reservation.id, id)
    await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
  })

  it('of an admin means their own reservations before those of other owners', async () => {
    const others = openClient({
      url: address,
      async fetch(request) {
        const response = await fetch(request)
        if (!new URL(request.url).pathname.endsWith('/reservations')) return response
        const page = (await response.json()) as { reservations: Reservation[]; next: null }
        const reservations = page.reservations.map((each) => (each.id === ben.id ? { ...each, owner: 'eve' } : each))
        return Response.json({ ...page, reservations })
      },
    })
    assert.equal((await choose(others, 'ben')).reservation.id, twin.id)
  })
})

describe('a selection', () => {
  const active = ['active'] as const

  it('is what is named, each once', async () => {
    const selected = await select(client, ['anna', 'alpine-2', 'alpine-3', 'alpine-1'], {}, active)
    assert.deepEqual(idsOf(selected), idsOf([anna, ben]))
  })

  it('is what options describe', async () => {
    const described = async (options: object) => idsOf(await select(client, [], options, active))
    assert.deepEqual(await described({ all: true }), idsOf(all))
    assert.deepEqual(await described({ pool: 'alpine' }), idsOf(all))
    assert.deepEqual(await described({ user: 'ben' }), idsOf([ben, twin]))
    assert.deepEqual(await described({ note: ['lab 7'] }), idsOf([anna, ben]))
    assert.deepEqual(await described({ user: 'ben', note: ['lab 7', 'other'] }), idsOf([ben]))
    assert.deepEqual(await described({ note: [''] }), [])
  })

  it('is either named or described', async () => {
    await assert.rejects(select(client, ['anna'], { all: true }, active), { exit: 2, message: /with names$/ })
    await assert.rejects(select(client, [], { everybody: true }, active), { exit: 2, message: /requires --all/ })
    await assert.rejects(select(client, [], {}, active), { exit: 2, message: /^you have 3 reservations/ })
  })

  it('is changed as far as it can be, and says what was not changed', async () => {
    const change = async ({ id, username }: Reservation) => {
      if (username === 'ben') throw new Failure(3, 'not now')
      return id
    }
    const { done, failure } = await changeEach(all, change)
    assert.deepEqual(done, [anna.id])
    assert.equal(failure?.exit, 3)
    assert.match(failure.message, /^2 of 3 reservations were not changed\n {2}\w+ {2}ben .*: not now\n/)
    assert.deepEqual(await changeEach([anna], change), { done: [anna.id], failure: null })
    await assert.rejects(changeEach([twin], change), { message: 'not now' })
    await assert.rejects(
      changeEach(all, () => Promise.reject(new TypeError('a bug'))),
      TypeError,
    )
  })
})
