import { describe } from 'node:test'
import { MemoryAccounts } from '../../src/accounts/memory.ts'
import type { Account } from '../../src/domain/account.ts'
import { outcomesContract } from './accounts-outcomes.ts'

const ALICE: Account = {
  username: 'alice',
  passwordHash: '$6$hash',
  sshKeys: [],
  sudo: false,
  motd: 'Hello\n',
  session: '',
}

describe('accounts: memory', () => {
  const running = new Set<string>()
  let made = 0
  outcomesContract({
    accounts: new MemoryAccounts((id) => running.has(id)),
    async guests(count) {
      const targets = Array.from({ length: count }, () => `p-${++made}`).map((id) => ({ id, name: id }))
      for (const { id } of targets) running.add(id)
      return targets
    },
    async kill(id) {
      running.delete(id)
    },
    account: async (wish) => ({ ...ALICE, ...wish }),
  })
})
