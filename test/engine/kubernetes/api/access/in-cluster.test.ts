/** The service account of a pod. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { inCluster } from '../../../../../src/engine/kubernetes/api/access/in-cluster.ts'

describe('in a pod', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pod-'))
  after(() => rmSync(folder, { recursive: true }))

  it('takes the service account', async () => {
    const address = { host: 'fd00::1', port: '443' }
    await assert.rejects(inCluster(address, folder), {
      code: 'invalid_config',
      message: /^no service account: ENOENT.*set automountServiceAccountToken/,
    })
    for (const [name, text] of Object.entries({ 'ca.crt': 'CA', namespace: 'berth\n', token: 'abc\n' }))
      writeFileSync(join(folder, name), text)
    const { server, ca, namespace, credentials } = await inCluster(address, folder)
    assert.deepEqual([server.href, ca, namespace], ['https://[fd00::1]/', 'CA', 'berth'])
    assert.equal((await credentials.identity(new AbortController().signal)).token, 'abc')
  })

  it('is noticed elsewhere', async () => {
    await assert.rejects(inCluster({ host: undefined, port: undefined }, folder), {
      code: 'invalid_config',
      message: /this is not a pod of Kubernetes/,
    })
  })
})
