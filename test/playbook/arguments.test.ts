import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from './arguments.ts'

test('all have defaults', () => {
  assert.deepEqual(parseArguments([]), { username: 'test', password: 'test', count: 1 })
})

test('any order, and any value', () => {
  const args = ['count=2', `password=a b='"$x`, 'username=alice']
  assert.deepEqual(parseArguments(args), { username: 'alice', password: `a b='"$x`, count: 2 })
})

for (const args of [
  ['user=x'],
  ['alice'],
  ['=x'],
  ['count=0'],
  ['count=1.5'],
  ['count='],
  ['count=21'],
  ['count=1', 'count=1'],
]) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(() => parseArguments(args), /usage: just test-playbook/)
  })
}
