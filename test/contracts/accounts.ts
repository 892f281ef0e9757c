/** What every implementation of `Accounts` does, on real containers and with real logins. */
import { after, describe } from 'node:test'
import { type OpenAccounts, openBench } from './accounts-bench.ts'
import { loginContract } from './accounts-login.ts'
import { noticesContract } from './accounts-notices.ts'
import { preparingContract } from './accounts-prepare.ts'
import { stateContract } from './accounts-state.ts'
import { surveyContract } from './accounts-survey.ts'

export function accountsContract(name: string, openAccounts: OpenAccounts): void {
  const bench = openBench(name, openAccounts)
  describe(`accounts: ${name}`, () => {
    after(() => bench.close())
    describe('logins', () => loginContract(bench))
    describe('what is left behind', () => stateContract(bench))
    describe('surveys', () => surveyContract(bench))
    describe('notices', () => noticesContract(bench))
    describe('prepare', () => preparingContract(bench))
  })
}
