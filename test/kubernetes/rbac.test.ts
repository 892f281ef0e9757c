/** The rights of deploy/kubernetes: enough for everything that the engine does, and nothing else. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stringify } from 'yaml'
import type { Engine } from '../../src/ports/engine.ts'
import { ROOT } from '../support/text/markdown.ts'
import { openEngine, SPEC } from '../../lab/kubernetes/engine.ts'
import { sharedCluster } from './support/bed.ts'

const NAMESPACE = 'berth-containers'
const cluster = await sharedCluster()
let engine: Engine

/** Returns the path of a kubeconfig of the service account. */
async function kubeconfigOfAccount(): Promise<string> {
  const account = ['-n', 'berth', 'get', 'serviceaccount', 'berth', '-o', 'jsonpath={.secrets[0].name}']
  const secret = await cluster.kubectl(...account)
  const token = await cluster.kubectl('-n', 'berth', 'get', 'secret', secret, '-o', 'jsonpath={.data.token}')
  const file = join(cluster.folder, 'account.kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'account',
    contexts: [{ name: 'account', context: { cluster: 'bed', user: 'berth' } }],
    clusters: [
      {
        name: 'bed',
        cluster: { server: cluster.apiServer.url, 'certificate-authority': cluster.certificates.path('ca.crt') },
      },
    ],
    users: [{ name: 'berth', user: { token: Buffer.from(token, 'base64').toString() } }],
  }
  writeFileSync(file, stringify(config))
  return file
}

before(async () => {
  for (const file of ['namespaces.yaml', 'rbac.yaml'])
    await cluster.kubectl('apply', '-f', join(ROOT, 'deploy/kubernetes', file))
  const some = { namespace: NAMESPACE, reaches: () => ['internet', 'none', 'all'] as const }
  engine = await openEngine(await kubeconfigOfAccount(), 'rbac', some)
})

after(() => engine.close())

describe('the service account of the managers', () => {
  it('may do all that the engine does', async () => {
    assert.match(await engine.version(), /^kubernetes /)
    await engine.provision()
    await engine.provision()
    assert.ok(await engine.isProvisioned())
    const stop = engine.watch(() => undefined)
    const id = await engine.create({ ...SPEC, instance: 'rbac' })
    await engine.start(id)
    assert.equal((await engine.exec(id, { command: ['true'], timeoutMs: 10_000 })).code, 0)
    const request = { program: 'echo hello', last: false, timeoutMs: 10_000 }
    assert.equal((await engine.agent?.run(id, request))?.output.trim(), 'hello')
    await engine.connectPeers('r-1', 1, [{ id, position: 0 }])
    assert.deepEqual(await engine.lend([id], 'r-1'), new Set())
    const { observed, peerNetworks } = await engine.list()
    assert.deepEqual(
      observed.map((each) => each.id),
      [id],
    )
    await engine.remove(id)
    for (const network of peerNetworks) await engine.removePeerNetwork(network.id)
    stop()
  })

  it('may not do anything else', async () => {
    const may = async (...question: string[]) => {
      const asked = ['auth', 'can-i', ...question, '--as=system:serviceaccount:berth:berth']
      return (await cluster.kubectl(...asked).catch(() => 'no')).trim()
    }
    assert.equal(await may('create', 'pods', '-n', NAMESPACE), 'yes')
    for (const question of [
      ['get', 'secrets', '-n', NAMESPACE],
      ['create', 'pods', '-n', 'berth'],
      ['create', 'pods', '-n', 'default'],
      ['create', 'pods', '--subresource=portforward', '-n', NAMESPACE],
      ['create', 'serviceaccounts', '--subresource=token', '-n', NAMESPACE],
      ['patch', 'nodes'],
      ['create', 'namespaces'],
      ['create', 'rolebindings', '-n', NAMESPACE],
    ])
      assert.equal(await may(...question), 'no', question.join(' '))
  })
})
