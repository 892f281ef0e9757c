import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHashing } from '../../../src/accounts/hashing/hashing.ts'
import { sha512crypt } from '../../../src/accounts/hashing/sha512-crypt.ts'

// Made with `openssl passwd -6 -salt <salt> <password>`; the first is from the specification.
const vectors = [
  [
    'saltstring',
    'Hello world!',
    'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'abcdefgh',
    'x'.repeat(63),
    'bMOJyN8Vo4eeKrTwkjFfsrDjwegAYpLQENwT5DBtnQfzWnb/MXYHD6qrhcx64J3SxUb95AqvOwG6j5gASEKQc.',
  ],
  [
    'abcdefgh',
    'x'.repeat(64),
    'J74PEApZRYnxFxfV7YR9J1SNDZA/y9/0zjoD/.pAGZufEnXskYcAOuzejxsvcHUUKaiVU43hXJUUM0/I8NBis1',
  ],
  [
    'abcdefgh',
    'x'.repeat(65),
    'Hhds84ML4R7Iwy7bg2DTX5Z29yvwYSx.yiKmntczOu6zBrgeT9u4jhAOJpOVjTBamnEs5DpdjE8ozKWPuelsm0',
  ],
  [
    '0123456789./ABCD',
    'x'.repeat(128),
    'R4FILDiB9etwrIfrMud/SlngRX3zuh1BBlkXFSMB8g2fgW7hm5oGTgTN2GNWr3TA8qVGh7WeUJFJs67e6Mzwf/',
  ],
  ['s', 'pässwörd→日本🔑', 'l10Y7A/IlaJC34SAz/yZsz9p2jZQvKeC2uXFkjQOVdmEX/GtuxIBpoTeyZqY6CTCIBqP1.a.Sn.kiaiciDQTq0'],
] as const

test('hashes as crypt(3) does, at the edges of its blocks as well', () => {
  for (const [salt, password, hash] of vectors) assert.equal(sha512crypt(password, salt), `$6$${salt}$${hash}`)
})

test('a random password costs fewer rounds, and its hash says how many', async () => {
  // openssl has no option for rounds; made with crypt(3) itself.
  const known =
    '$6$rounds=1000$saltstring$Zu2Vknok2/f53APfN687ADnzeNBLcsEgTwvcBHMD2./07rZQAt8vsuKVufD15dyZh.LOLB/uZKf6I3GyON4bp/'
  assert.equal(sha512crypt('Hello world!', 'saltstring', 1000), known)
  assert.match(await createHashing()('random', true), /^\$6\$rounds=1000\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
})

test('a salt of its own for each hash', async () => {
  const hashPassword = createHashing()
  const [one, two] = await Promise.all([hashPassword('test'), hashPassword('test')])
  assert.match(one, /^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$/)
  assert.notEqual(one, two)
})

test('however many hashes are made, this thread has its turn meanwhile', async () => {
  const hashPassword = createHashing()
  await hashPassword('the thread has started')
  const before = performance.eventLoopUtilization()
  await Promise.all(Array.from({ length: 50 }, () => hashPassword('test')))
  const { utilization } = performance.eventLoopUtilization(before)
  assert.ok(utilization < 0.5, `${utilization} of the time was this thread at work`)
})
