import type { Claim } from '../src/ports/store.ts'
import { NOW } from './rows.ts'

/** Returns a claim of one container by alice for five minutes, with `some` of it changed. */
export function claimOf(some: Partial<Claim> = {}): Claim {
  return {
    id: 'r1',
    pool: 'p',
    count: 1,
    owner: 'anyone',
    username: 'alice',
    passwordHash: '$6$salt$hash',
    sshKeys: [],
    note: null,
    name: null,
    keepaliveMs: null,
    durationMs: 300_000,
    prepareBy: NOW + 10_000,
    waitUntil: null,
    quota: null,
    request: null,
    ...some,
  }
}
