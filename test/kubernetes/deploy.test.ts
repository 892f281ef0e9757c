/** deploy/kubernetes, as a cluster runs it: managers and gateways as pods, which lend pods. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { isReady } from '../../src/engine/kubernetes/api/ready.ts'
import type { Pod } from '../../src/engine/kubernetes/pods/types.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { buildManagerImage } from '../support/manager/manager-image.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login } from '../support/ssh.ts'
import { ROOT } from '../support/text/markdown.ts'
import { sharedCluster } from './support/bed.ts'

const IMAGE = 'berth/manager:deployed'
const SIZE = 2

const cluster = await sharedCluster()
const hba = 'local all all trust\nhost all all 0.0.0.0/0 trust\n'
const postgres = await startPostgres({ fsync: 'off', listen_addresses: '*' }, { 'pg_hba.conf': hba })
after(() => postgres.stop())
await postgres.createDatabase('berth')
const folder = mkdtempSync(join(tmpdir(), 'berth-deploy-'))
after(() => rmSync(folder, { recursive: true }))
const { privateKey, publicKey } = newKeyPair()
let url = ''
let token = ''

const kubectl = (...args: string[]) => cluster.kubectl('-n', 'berth', ...args)

/** Writes the shipped files with what differs between clusters. */
async function manifests(): Promise<string> {
  cpSync(join(ROOT, 'deploy/kubernetes'), folder, { recursive: true })
  const config = parse(readFileSync(join(folder, 'berth.yml'), 'utf8')) as Record<string, unknown>
  const pool = { size: SIZE, image: 'berth/box:latest', ssh_ports: '2221-2222', memory: '64m', cpus: 0.1 }
  const database = `postgres://postgres@${cluster.machine}:${postgres.port}/berth?sslmode=disable`
  writeFileSync(join(folder, 'berth.yml'), stringify({ ...config, database, pools: { box: pool } }))
  const documents = parseAllDocuments(await cluster.kubectl('kustomize', folder))
  for (const document of documents) {
    // Kubernetes 1.20 has the budget in an older version.
    if (document.get('kind') === 'PodDisruptionBudget') document.set('apiVersion', 'policy/v1beta1')
    if (document.get('kind') !== 'Deployment') continue
    const container = ['spec', 'template', 'spec', 'containers', 0]
    document.setIn([...container, 'image'], IMAGE)
    document.setIn([...container, 'imagePullPolicy'], 'IfNotPresent')
    // The test bed has no addresses of services.
    const server = new URL(cluster.apiServer.url)
    document.setIn(
      [...container, 'env'],
      [
        { name: 'KUBERNETES_SERVICE_HOST', value: server.hostname },
        { name: 'KUBERNETES_SERVICE_PORT', value: server.port },
      ],
    )
  }
  const file = join(folder, 'all.yaml')
  writeFileSync(file, documents.map(String).join('---\n'))
  return file
}

async function podsOf(app: string): Promise<readonly Pod[]> {
  const output = await kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'json')
  return (JSON.parse(output) as { items: readonly Pod[] }).items
}

/** Returns the addresses of the pods of a deployment that are ready and are not terminating. */
async function addressesOf(app: string): Promise<string[]> {
  const serving = (await podsOf(app)).filter((pod) => pod.metadata.deletionTimestamp === undefined && isReady(pod))
  return serving.map(({ status }) => status.podIP ?? assert.fail())
}

async function replace(app: string): Promise<void> {
  await kubectl('rollout', 'restart', `deployment/${app}`)
  await kubectl('rollout', 'status', `deployment/${app}`, '--timeout=180s')
}

interface Lent {
  readonly id: string
  readonly containers: readonly { readonly name: string; readonly port: number }[]
}

async function send<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  const answer = await response.text()
  assert.ok(response.ok, answer)
  return JSON.parse(answer) as T
}

before(async () => {
  await docker('tag', await buildManagerImage(), IMAGE)
  await cluster.load(IMAGE)
  await docker('rmi', IMAGE)
  await cluster.kubectl('apply', '-f', join(ROOT, 'deploy/kubernetes/namespaces.yaml'))
  const literals = ['--from-literal=db-password=unused', `--from-literal=secret=${'ab'.repeat(32)}`]
  await kubectl('create', 'secret', 'generic', 'berth-secret', ...literals)
  await cluster.kubectl('apply', '-f', await manifests())
  for (const name of ['berth-manager', 'berth-gateway']) {
    await kubectl('rollout', 'status', `deployment/${name}`, '--timeout=180s').catch(async (error: Error) => {
      const log = await kubectl('logs', `deployment/${name}`, '--tail=20').catch(String)
      throw new Error(`${error.message}\n${await kubectl('get', 'pods')}\n${log}`, { cause: error })
    })
  }
})

describe('deploy/kubernetes', () => {
  it('runs managers that are ready, make a token, and fill the pool', async () => {
    const create = ['berth', 'token', 'create', '--offline', '--name', 'admin', '--admin']
    const output = await kubectl('exec', 'deployment/berth-manager', '--', ...create)
    token = /^berth_\w+$/m.exec(output)?.[0] ?? assert.fail(output)
    url = `http://${(await addressesOf('berth-manager'))[0]}:8080`
    await eventually(async () => {
      const { containers } = await send<{ containers: { state: string }[] }>('GET', '/v1/containers')
      return containers.length === SIZE && containers.every(({ state }) => state === 'ready')
    }, 120_000)
  })

  it('leads to the containers through each gateway, also while managers and gateways are replaced', async () => {
    const { id, containers } = await send<Lent>('POST', '/v1/reservations', { username: 'ann', ssh_keys: [publicKey] })
    const [{ name, port } = assert.fail()] = containers
    const openAll = async () => {
      const gateways = await addressesOf('berth-gateway')
      assert.equal(gateways.length, 2)
      const logins = gateways.map((host) => login({ host, port, username: 'ann', privateKey }))
      return { gateways, sessions: await Promise.all(logins) }
    }
    const old = await openAll()
    await replace('berth-manager')
    await replace('berth-gateway')
    const fresh = await openAll()
    for (const address of fresh.gateways) assert.ok(!old.gateways.includes(address), address)
    const sessions = [...old.sessions, ...fresh.sessions]
    for (const session of sessions) assert.equal((await session.exec('hostname')).stdout, name)
    url = `http://${(await addressesOf('berth-manager'))[0]}:8080`
    const began = performance.now()
    await Promise.all([send('DELETE', `/v1/reservations/${id}`), ...sessions.map(({ closed }) => closed)])
    assert.ok(performance.now() - began < 5_000)
    // A replaced gateway stops as soon as its last session is closed.
    await eventually(async () => (await podsOf('berth-gateway')).length === fresh.gateways.length, 30_000)
  })
})
