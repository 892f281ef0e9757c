import { nativeAccounts } from '../../src/accounts/native.ts'
import { accountsContract } from './accounts.ts'

accountsContract('native', nativeAccounts)
