import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { reservationNameProblem } from '../../../src/domain/text/reservation-name.ts'

const POOLS = ['alpine', 'lab-b']

describe('the name of a reservation', () => {
  for (const name of ['web', 'w', 'job-1234', 'w'.repeat(32), 'cafe', 'alpine-x', 'other-1', 'b-2', 'deadbeefs']) {
    it(`can be ${name}`, () => assert.equal(reservationNameProblem(name, POOLS), null))
  }

  const refused: readonly [name: string, why: RegExp][] = [
    ['', /^must be 1 to 32 characters a-z, 0-9 and "-", begin with a letter and not end in "-", .*; got ""$/],
    ['Web', /got "Web"$/],
    ['1a', /begin with a letter/],
    ['a-', /not end in "-"/],
    ['a_b', /^must be 1 to 32/],
    ['a b', /^must be 1 to 32/],
    ['a\n', /got "a\\n"$/],
    ['w'.repeat(33), /^must be 1 to 32/],
    ['alpine-1', /^must not look like a container of pool "alpine", got "alpine-1"$/],
    ['alpine-007', /^must not look like a container/],
    ['lab-b-12', /^must not look like a container of pool "lab-b"/],
    ['alpine', /^must not be the name of a pool, got "alpine"$/],
    ['deadbeef', /^must not look like the id of a reservation, got "deadbeef"$/],
    ['deadbeef-1', /^must not look like the id/],
    ['deadbeefdeadbeef', /^must not look like the id/],
  ]
  for (const [name, why] of refused) {
    it(`cannot be ${JSON.stringify(name)}`, () => assert.match(reservationNameProblem(name, POOLS) ?? '', why))
  }
})
