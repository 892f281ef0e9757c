import { after, describe } from 'node:test'
import { nativeAccounts } from '../../src/accounts/native.ts'
import { accountsContract } from './accounts.ts'
import { openBench } from './accounts-bench.ts'
import { waitingContract } from './accounts-waiting.ts'

accountsContract('native', nativeAccounts)

const bench = openBench('waiting', nativeAccounts)
describe('native accounts, made ready', () => {
  after(() => bench.close())
  waitingContract(bench)
})
