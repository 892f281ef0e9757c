import { after, describe } from 'node:test'
import { nativeAccounts } from '../../src/accounts/native.ts'
import { accountsContract } from './accounts.ts'
import { openBench } from './accounts-bench.ts'
import { listeningContract } from './accounts-listening.ts'

accountsContract('native', nativeAccounts)

const bench = openBench('listening', nativeAccounts)
describe('native accounts, made ready', () => {
  after(() => bench.close())
  listeningContract(bench)
})
