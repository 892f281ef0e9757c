import { after, describe } from 'node:test'
import { nativeAccounts } from '../../src/accounts/native/native.ts'
import { accountsContract } from './accounts.ts'
import { openBench } from './accounts-bench.ts'
import { agentContract } from './accounts-agent.ts'

accountsContract('native', nativeAccounts)

const bench = openBench('agent', nativeAccounts)
describe('native accounts through the agent', () => {
  after(() => bench.close())
  agentContract(bench)
})
