import { ansibleAccounts } from '../../src/accounts/ansible/ansible.ts'
import { accountsContract } from './accounts.ts'

accountsContract('ansible', ansibleAccounts)
