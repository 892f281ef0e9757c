import { deepEqual, equal, match } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filterProblems, readFilter, readSpan } from '../../web/src/pages/events/event-filter.ts'

const BEGIN = Date.parse('2026-11-29T00:00:00Z')
const MINUTE = 60_000

describe('the filter of events in the URL', () => {
  const params = (query: string) => new URLSearchParams(query)
  it('reads what the API takes, and no kind that it does not know', () => {
    deepEqual(readFilter(params('kind=container.broken&pool=a&container=a-1&reservation=r')), {
      kind: 'container.broken',
      pool: 'a',
      container: 'a-1',
      reservation: 'r',
    })
    deepEqual(readFilter(params('kind=container.sunk&pool=')), {})
  })
  it('says which values are not valid, and what is allowed', () => {
    const problems = filterProblems(params('kind=foo&from=garbage&to=now-1h&pool=any'))
    deepEqual(
      problems.map(({ key }) => key),
      ['kind', 'from'],
    )
    match(problems[0]?.text ?? '', /no kind "foo".*reservation\.waiting, /)
    match(problems[1]?.text ?? '', /^from must be a time such as .*, got "garbage"/)
    deepEqual(filterProblems(params('kind=container.broken&from=2026-11-29')), [])
    deepEqual(filterProblems(params('')), [])
  })
  it('reads the span of time', () => {
    equal(readSpan(params('from=soon'), BEGIN), null)
    deepEqual(readSpan(params('from=now-1h'), BEGIN), { from: BEGIN - 60 * MINUTE, to: BEGIN })
    deepEqual(readSpan(params('to=2026-11-28T12:00Z'), BEGIN), { from: 0, to: Date.parse('2026-11-28T12:00Z') })
  })
})
