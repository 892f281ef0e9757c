/** Requests of the client to a real API server: answers, refusals, credentials, and a server that is gone. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { importPKCS8, SignJWT } from 'jose'
import { stringify } from 'yaml'
import { openProxy } from '../../lab/postgres/proxy.ts'
import { readKubeconfig } from '../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { Connection, type RequestOptions } from '../../src/engine/kubernetes/api/connection.ts'
import { listAll } from '../../src/engine/kubernetes/api/list.ts'
import type { KubernetesObject } from '../../src/engine/kubernetes/api/types.ts'
import { call, CONFIG_MAPS, connectTo, PODS, sharedCluster, uniqueName } from './support/bed.ts'

const cluster = await sharedCluster()
const admin = await connectTo(cluster.kubeconfig)
after(() => admin.close())
const folder = mkdtempSync(join(tmpdir(), 'berth-client-'))
after(() => rmSync(folder, { recursive: true }))

/** Writes a kubeconfig for this user, and returns its path. */
function kubeconfig(user: object, server = cluster.apiServer.url): string {
  const file = join(folder, uniqueName('config'))
  const text = stringify({
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': cluster.certificates.path('ca.crt') } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  writeFileSync(file, text)
  return file
}

/** Makes a service account. Returns a function that signs tokens for it. */
async function makeAccount(): Promise<{ name: string; sign: (lifetimeS: number) => Promise<string> }> {
  const name = uniqueName('account')
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  const { metadata } = await admin.create<KubernetesObject>(accounts, { metadata: { name } }, call('create an account'))
  const key = await importPKCS8(readFileSync(cluster.certificates.path('sa.key'), 'utf8'), 'RS256')
  const sign = (lifetimeS: number) => {
    const now = Math.floor(Date.now() / 1_000)
    const claims = { namespace: 'default', serviceaccount: { name, uid: metadata.uid } }
    return new SignJWT({ 'kubernetes.io': claims })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('https://kubernetes.default.svc')
      .setAudience('https://kubernetes.default.svc')
      .setSubject(`system:serviceaccount:default:${name}`)
      .setIssuedAt(now - 600)
      .setNotBefore(now - 600)
      .setExpirationTime(now + lifetimeS)
      .sign(key)
  }
  return { name, sign }
}

describe('a request', () => {
  it('creates, reads, changes and deletes', async () => {
    const name = uniqueName('map')
    const body = { metadata: { name }, data: { a: '1' } }
    const made = await admin.create<KubernetesObject>(CONFIG_MAPS, body, call('create'))
    await assert.rejects(admin.create(CONFIG_MAPS, body, call(`create ${name}`)), {
      code: 'engine_conflict',
      message: new RegExp(`^create ${name}: configmaps "${name}" already exists$`),
    })
    const path = `${CONFIG_MAPS}/${name}`
    const changed = await admin.patch<KubernetesObject>(path, 'merge', { data: { a: '2' } }, call('patch'))
    assert.notEqual(changed.metadata.resourceVersion, made.metadata.resourceVersion)
    const outdated = { metadata: { resourceVersion: made.metadata.resourceVersion }, data: { a: '3' } }
    await assert.rejects(admin.patch(path, 'merge', outdated, call('patch')), { code: 'engine_conflict' })
    const read = await admin.get<{ data: Record<string, string> }>(path, call('get'))
    assert.deepEqual(read?.data, { a: '2' })
    const other = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } }
    await assert.rejects(admin.delete(path, other, call('delete')), { code: 'engine_conflict' })
    assert.equal(await admin.delete(path, { preconditions: { uid: made.metadata.uid } }, call('delete')), true)
    assert.equal(await admin.delete(path, {}, call('delete')), false)
    assert.equal(await admin.get(path, call('get')), null)
  })

  it('says what the API server refuses', async () => {
    await assert.rejects(admin.create(PODS, { metadata: { name: 'A b' }, spec: {} }, call('create "A b"')), {
      code: 'engine_failed',
      message: /^create "A b": Pod "A b" is invalid: .*metadata\.name/,
    })
  })

  it('waits and is sent again when the API server has too much to do', async () => {
    const { name, sign } = await makeAccount()
    const api = '/apis/flowcontrol.apiserver.k8s.io/v1beta1'
    const limited = { assuredConcurrencyShares: 1, limitResponse: { type: 'Reject' } }
    const level = { metadata: { name }, spec: { type: 'Limited', limited } }
    await admin.create(`${api}/prioritylevelconfigurations`, level, call('create'))
    const subject = { kind: 'ServiceAccount', serviceAccount: { name, namespace: 'default' } }
    const resource = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }
    const rule = { subjects: [subject], resourceRules: [resource] }
    const schema = { priorityLevelConfiguration: { name }, matchingPrecedence: 2, rules: [rule] }
    await admin.create(`${api}/flowschemas`, { metadata: { name }, spec: schema }, call('create'))
    const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings'
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
    const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }]
    await admin.create(roles, { metadata: { name }, roleRef, subjects }, call('create'))
    const limitedClient = await connectTo(kubeconfig({ token: await sign(600) }))
    after(() => limitedClient.close())
    const rejected = async () => {
      const metrics = await cluster.kubectl('get', '--raw', '/metrics')
      const lines = metrics
        .split('\n')
        .filter((line) => line.startsWith('apiserver_flowcontrol_rejected_requests_total'))
      return lines.filter((line) => line.includes(name)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    }
    for (let round = 0; round < 20 && (await rejected()) === 0; round += 1) {
      const lists = Array.from({ length: 60 }, () => limitedClient.list(PODS, {}, call('list')))
      await Promise.all(lists)
    }
    assert.ok((await rejected()) > 0, 'the API server has refused none')
  })

  it('fails within its deadline when nothing answers, and the next one uses another connection', async () => {
    const { hostname, port } = new URL(cluster.apiServer.url)
    const proxy = await openProxy(Number(port), undefined, hostname)
    const user = {
      'client-certificate': cluster.certificates.path('admin.crt'),
      'client-key': cluster.certificates.path('admin.key'),
    }
    const client = await connectTo(kubeconfig(user, `https://127.0.0.1:${proxy.port}`))
    await Promise.all(Array.from({ length: 3 }, () => client.list(PODS, {}, call('list'))))
    proxy.drop(true)
    const begun = performance.now()
    await assert.rejects(client.list(PODS, {}, { what: 'list', deadlineMs: 500 }), {
      code: 'engine_unavailable',
      message: `list: Kubernetes at https://127.0.0.1:${proxy.port}: no answer within 500 ms`,
    })
    assert.ok(performance.now() - begun < 2_000)
    proxy.drop(false)
    await client.list(PODS, {}, call('list'))
    client.close()
    proxy.close()
  })

  it('fails at once while the API server is down, and works when it is back', async () => {
    const pods = await admin.list(PODS, {}, call('list'))
    await cluster.apiServer.kill()
    await assert.rejects(admin.list(PODS, {}, call('list')), {
      code: 'engine_unavailable',
      message: /^list: Kubernetes at https:\/\/10\.77\.\d+\.1:6443: .*(?:ECONNREFUSED|ECONNRESET|socket hang up)/,
    })
    await cluster.apiServer.start()
    assert.equal((await admin.list(PODS, {}, call('list'))).length, pods.length)
  })
})

describe('a list', () => {
  it('is complete when it has several pages, and begins again when the rest has expired', async () => {
    const label = uniqueName('list')
    for (let index = 0; index < 7; index += 1) {
      const metadata = { name: `${label}-${index}`, labels: { list: label } }
      await admin.create(CONFIG_MAPS, { metadata }, call('create'))
    }
    const options = { context: null, environment: {}, clock: () => Date.now() }
    const connection = new Forgetful(await readKubeconfig(cluster.kubeconfig, options))
    after(() => connection.close())
    const { signal } = new AbortController()
    const listed = () =>
      listAll<KubernetesObject>(connection, CONFIG_MAPS, { labelSelector: `list=${label}` }, signal, 3)
    const names = Array.from({ length: 7 }, (_, index) => `${label}-${index}`)
    assert.deepEqual(
      (await listed()).map((map) => map.metadata.name),
      names,
    )
    assert.equal(connection.requests, 3)
    connection.afterNext = async () => {
      await admin.delete(`${CONFIG_MAPS}/${names[1]}`, {}, call('delete'))
      await compactEtcd()
    }
    const rest = (await listed()).map((map) => map.metadata.name)
    assert.deepEqual(
      rest,
      names.filter((name) => name !== names[1]),
    )
    // A page, one that has expired, and two pages of the second list.
    assert.equal(connection.requests, 3 + 4)
  })
})

describe('a token', () => {
  it('is read again when it has expired, within the same request', async () => {
    const { name, sign } = await makeAccount()
    const file = join(folder, name)
    const replace = (text: string) => {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    }
    replace(await sign(-60))
    const client = await connectTo(kubeconfig({ tokenFile: file }))
    after(() => client.close())
    const version = () => client.get<{ gitVersion: string }>('/version', call('version'))
    const expired = await version().then(() => assert.fail('an expired token was accepted'), String)
    assert.match(expired, /Unauthorized: the credentials are wrong or have expired; renew them/)
    replace(await sign(600))
    assert.equal((await version())?.gitVersion, 'v1.20.2')
    await assert.rejects(client.list(PODS, {}, call('list pods')), {
      code: 'engine_failed',
      message: new RegExp(`^list pods: pods is forbidden: User "system:serviceaccount:default:${name}" cannot list`),
    })
  })
})

/** Counts requests, and does something after one. */
class Forgetful extends Connection {
  requests = 0
  afterNext: (() => Promise<void>) | null = null

  override async fetch<T extends object>(method: string, path: string, options: RequestOptions): Promise<T> {
    this.requests += 1
    const answer = await super.fetch<T>(method, path, options)
    const work = this.afterNext
    this.afterNext = null
    await work?.()
    return answer
  }
}

/** Makes etcd forget all earlier versions, as the API server does every five minutes. */
async function compactEtcd(): Promise<void> {
  const [endpoint] = JSON.parse(await cluster.etcdctl('endpoint', 'status', '--write-out=json')) as [EtcdStatus]
  await cluster.etcdctl('compaction', '--physical', String(endpoint.Status.header.revision))
}

interface EtcdStatus {
  readonly Status: { readonly header: { readonly revision: number } }
}
