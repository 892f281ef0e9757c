import { ansibleAccounts } from '../../src/accounts/ansible.ts'
import { accountsContract } from './accounts.ts'

accountsContract('ansible', ansibleAccounts)
