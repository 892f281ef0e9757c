import { deepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { search } from '../../web/src/words/search.ts'

const ENTRIES = ['Overview page', 'alpine pool', 'alpine-1 reserved', 'alpine-12 ready', 'debian-1 ready', 'mountain']

const found = (query: string, most = 10) => search(ENTRIES, query, (text) => text, most)

describe('the search of the palette', () => {
  it('finds everything for an empty query', () => deepEqual(found('', 2), ['Overview page', 'alpine pool']))
  it('requires every word', () => deepEqual(found('ALP ready'), ['alpine-12 ready']))
  it('puts the beginning of a text, then that of a word first', () => {
    deepEqual(found('p'), ['Overview page', 'alpine pool', 'alpine-1 reserved', 'alpine-12 ready'])
    deepEqual(found('1'), ['alpine-1 reserved', 'alpine-12 ready', 'debian-1 ready'])
    deepEqual(
      search(['a ready', 'ready'], 'ready', (text) => text, 10),
      ['ready', 'a ready'],
    )
  })
  it('finds nothing for a word that does not occur', () => deepEqual(found('alpine x'), []))
})
