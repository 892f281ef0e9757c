/** The contract of every implementation that works on real containers, with real logins. */
import { after, describe } from 'node:test'
import { account, type OpenAccounts, openBench } from './accounts-bench.ts'
import { hostCertificatesContract } from './accounts-host-certificates.ts'
import { hostileContract } from './accounts-hostile.ts'
import { loginContract } from './accounts-login.ts'
import { notificationsContract } from './accounts-notifications.ts'
import { outcomesContract } from './accounts-outcomes.ts'
import { peersContract } from './accounts-peers.ts'
import { preparingContract } from './accounts-prepare.ts'
import { stateContract } from './accounts-state.ts'
import { surveyContract } from './accounts-survey.ts'

export function accountsContract(name: string, openAccounts: OpenAccounts): void {
  const bench = openBench(name, openAccounts)
  describe(`accounts: ${name}`, () => {
    after(() => bench.close())
    describe('logins', () => loginContract(bench))
    describe('what is left behind', () => stateContract(bench))
    describe('where a tenant has been', () => hostileContract(bench))
    describe('host certificates', () => hostCertificatesContract(bench))
    describe('outcomes', () => outcomesContract({ ...bench, account, kill: (id) => bench.engine.kill(id) }))
    describe('surveys', () => surveyContract(bench))
    describe('notifications', () => notificationsContract(bench))
    describe('peers', () => peersContract(bench))
    describe('prepare', () => preparingContract(bench))
  })
}
