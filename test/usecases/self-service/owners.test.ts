import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Limits, type Token, UNLIMITED } from '../../../src/domain/identity.ts'
import { createOwners } from '../../../src/usecases/self-service/owners.ts'
import { NOW } from '../../../lab/rows.ts'

const HOUR = 3_600_000
const limited = (durationMs: number): Limits => ({ ...UNLIMITED, durationMs })

function token(name: string, durationMs: number, expiresAt: number | null = null): Token {
  return {
    id: `t${durationMs}`,
    name,
    role: 'admin',
    hash: 'h',
    createdAt: NOW,
    expiresAt,
    lastUsedAt: null,
    limits: limited(durationMs),
  }
}

function owners(auth: 'none' | 'tokens', tokens: Token[] = [], signOnLimits: Limits | null = null) {
  return createOwners({
    store: { tokens: async () => tokens },
    clock: () => NOW,
    auth,
    signOnLimits: () => signOnLimits,
  })
}

describe('the identity of an owner', () => {
  it('has no limits with `auth: none`, and is never an admin', async () => {
    assert.deepEqual(await owners('none').identityOf('anyone'), { name: 'anyone', role: 'user', limits: UNLIMITED })
  })

  it('has the limits of the newest valid token of that name', async () => {
    const tokens = [token('ci', 1), token('ci', 2), token('ci', 3, NOW), token('other', 4)]
    const { identityOf } = owners('tokens', tokens)
    assert.deepEqual(await identityOf('ci'), { name: 'ci', role: 'user', limits: limited(2) })
    assert.equal(await identityOf('anyone'), null)
    assert.equal(await owners('tokens', [token('ci', 1, NOW)]).identityOf('ci'), null)
  })

  it('has the limits of sign-on for a user of the identity provider', async () => {
    const user = { name: 'oidc:alice', role: 'user', limits: limited(HOUR) }
    assert.deepEqual(await owners('tokens', [], limited(HOUR)).identityOf('oidc:alice'), user)
    assert.equal(await owners('tokens').identityOf('oidc:alice'), null)
  })
})
