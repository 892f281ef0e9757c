/** Runs a playbook whose variables are secret, as a manager would, until it is killed. */
import { fileURLToPath } from 'node:url'
import { openAnsible } from '../../../src/accounts/ansible/playbook.ts'

const playbookDir = fileURLToPath(new URL('playbooks', import.meta.url))
await openAnsible({ playbookDir, env: process.env, clock: Date.now, outputDir: null, connectionOf: () => ({}) }).run({
  targets: [{ name: 'one', id: 'one' }],
  playbook: 'slow.yml',
  variables: { seconds: '3', password_hash: '$6$secret' },
  timeoutMs: 60_000,
})
