/** Isolation of containers: that nothing is lent before it was shown, and what reaches what when it is enforced. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { eventually } from '../../lab/eventually.ts'
import type { Reach } from '../../src/domain/container.ts'
import type { KubernetesObject } from '../../src/engine/kubernetes/api/types.ts'
import type { Deadlines } from '../../src/engine/kubernetes/deadlines.ts'
import { parseId } from '../../src/engine/kubernetes/pods/id.ts'
import type { Pod } from '../../src/engine/kubernetes/pods/types.ts'
import { call, connectTo, setEnforced, sharedCluster } from './support/bed.ts'
import { openEngine, SPEC } from '../../lab/kubernetes/engine.ts'

const exec = promisify(execFile)
const INSTANCE = 'can-isolation'
const PODS = `/api/v1/namespaces/${INSTANCE}/pods`
/** Served beside the API server: an address of the internet, and that of the metadata of clouds. */
const PUBLIC = '203.0.113.10'
const METADATA = '169.254.169.254'
const SERVE = `
for address in ${PUBLIC} ${METADATA}; do ip address replace "$address/32" dev lo; done
setsid python3 -m http.server 80 --directory /var/empty >/dev/null 2>&1 </dev/null &
`

const cluster = await sharedCluster()
const admin = await connectTo(cluster.kubeconfig)
const { hostname: controlPlane } = new URL(cluster.apiServer.url)

const open = (deadlines: Partial<Deadlines> = {}) =>
  openEngine(cluster.kubeconfig, INSTANCE, {
    reaches: () => ['internet', 'none', 'all'],
    gatewayAddresses: [`${cluster.machine}/32`],
    deadlines,
  })

const engine = await open()

before(async () => {
  await cluster.kubectl('create', 'namespace', INSTANCE)
  await cluster.run('sh', '-euc', SERVE)
})

after(async () => {
  await engine.close()
  admin.close()
})

let generation = 0

async function create(reach: Reach): Promise<string> {
  generation += 1
  const own = { instance: INSTANCE, pool: 'can', name: `can-${generation}`, port: 2_200 + generation }
  return engine.create({ ...SPEC, ...own, reach, cpus: 0.5 })
}

async function started(reach: Reach): Promise<string> {
  const id = await create(reach)
  await engine.start(id)
  return id
}

async function addressOf(id: string): Promise<string> {
  const pod = await admin.get<Pod>(`${PODS}/${parseId(id)?.name}`, call('get'))
  return pod?.status.podIP ?? assert.fail(`${id} has no address`)
}

const CONNECT = `
for target; do
  (timeout 1 bash -c 'exec 3<>"/dev/tcp/$1"' bash "$target" 2>/dev/null && echo "$target") &
done
wait
`

/** Returns which of these a container can connect to; each is an address, a slash and a port. */
async function reached(id: string, targets: readonly string[]): Promise<string[]> {
  const { stdout } = await engine.exec(id, { command: ['bash', '-c', CONNECT, 'bash', ...targets], timeoutMs: 30_000 })
  const lines = stdout.split('\n')
  return targets.filter((target) => lines.includes(target))
}

/** Returns the names of pods that are not containers. */
async function helpers(role: 'canary' | 'probe'): Promise<string[]> {
  const pods = await admin.list<KubernetesObject>(PODS, { labelSelector: `berth.canary=${role}` }, call('list'))
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)
}

describe('policies that are not enforced', () => {
  afterEach(() => setEnforced(true))

  it('let nothing be lent: provisioning says what was reached, and what to do', async () => {
    await setEnforced(false)
    const hasty = await open({ enforce: 500 })
    const error = await hasty.provision().then(
      () => assert.fail('provisioned'),
      (thrown: Error) => thrown,
    )
    assert.equal((error as Error & { code: string }).code, 'engine_failed')
    assert.match(error.message, /10\.78\.\d+\.\d+:22 \(sshd of another container\)/)
    assert.match(error.message, /10\.77\.\d+\.[23]:10250 \(kubelet of another node\)/)
    assert.match(error.message, /169\.254\.169\.254:80 \(metadata of the cloud\)/)
    assert.match(error.message, /does not enforce NetworkPolicy.*Calico/)
    assert.equal(await hasty.isProvisioned(), false)
    assert.deepEqual(await helpers('probe'), [])
    assert.equal((await helpers('canary')).length, 1)
    await setEnforced(true)
    await hasty.provision()
    assert.equal(await hasty.isProvisioned(), true)
    assert.deepEqual(await helpers('probe'), [])
    assert.deepEqual((await hasty.list()).observed, [])
    await hasty.close()
  })

  it('keep a container from being ready until they are, also for a manager that finds it running', async () => {
    await engine.provision()
    const hasty = await open({ enforce: 500 })
    await setEnforced(false)
    const id = await create('internet')
    const why = /^start can-\d+-g1: .*\(sshd of another container\).* after 0\.5 s: .*does not enforce NetworkPolicy/
    await assert.rejects(hasty.start(id), { code: 'engine_failed', message: why })
    await hasty.close()
    let isStarted = false
    const starting = engine.start(id).then(() => (isStarted = true))
    await sleep(3_000)
    assert.equal(isStarted, false)
    const pod = await admin.get<Pod>(`${PODS}/${parseId(id)?.name}`, call('get'))
    assert.equal(pod?.status.phase, 'Running')
    assert.equal((await engine.inspect(id))?.state, 'created')
    await setEnforced(true)
    await starting
    assert.equal((await engine.inspect(id))?.state, 'running')
    await engine.remove(id)
  })
})

describe('policies that are enforced', () => {
  let containers: { one: string; peer: string; none: string; all: string }
  let addresses: typeof containers

  before(async () => {
    await engine.provision()
    const [one = '', peer = '', none = '', all = ''] = await Promise.all(
      (['internet', 'internet', 'none', 'all'] as const).map(started),
    )
    containers = { one, peer, none, all }
    const [first = '', second = '', third = '', last = ''] = await Promise.all([one, peer, none, all].map(addressOf))
    addresses = { one: first, peer: second, none: third, all: last }
  })

  after(async () => {
    await Promise.all(Object.values(containers).map((id) => engine.remove(id)))
  })

  it('limit each reach to what is documented', async () => {
    const [canary] = await helpers('canary')
    const { status } = (await admin.get<Pod>(`${PODS}/${canary}`, call('get'))) ?? assert.fail()
    const server = `${PUBLIC}/80`
    const own = [`${METADATA}/80`, `${controlPlane}/6443`]
    const targets = [server, ...own, `${status.podIP}/22`]
    const { one, none, all } = containers
    const seen = await Promise.all([one, none, all].map((id) => reached(id, targets)))
    assert.deepEqual(seen, [[server], [], [server, ...own]])
  })

  it('let the containers of one reservation reach each other, and no others', async () => {
    const { one, peer, all } = containers
    const targets = Object.values(addresses).map((address) => `${address}/22`)
    const [ofOne = '', ofPeer = ''] = targets
    assert.deepEqual(await reached(one, [...targets, `${METADATA}/80`]), [ofOne])
    const members = [one, peer].map((id, position) => ({ id, position }))
    await engine.connectPeers('can-reservation', 2, members)
    await eventually(async () => (await reached(one, [ofPeer])).length === 1)
    const seen = await Promise.all([one, peer, all].map((id) => reached(id, [ofOne, ofPeer, `${METADATA}/80`])))
    assert.deepEqual(seen, [[ofOne, ofPeer], [ofOne, ofPeer], [`${METADATA}/80`]])
  })

  it('let gateways connect to sshd, and nothing else', async () => {
    const { spec } = (await admin.get<Pod>(`${PODS}/${parseId(containers.none)?.name}`, call('get'))) ?? assert.fail()
    const other = cluster.nodes.find(({ name }) => name !== spec.nodeName) ?? assert.fail()
    const connect = ['bash', '-c', CONNECT, 'bash', `${addresses.none}/22`]
    const seen = await Promise.all([
      exec('bash', connect.slice(1)).then(({ stdout }) => stdout.trim()),
      cluster.run(...connect),
      other.run(...connect),
    ])
    assert.deepEqual(seen, [`${addresses.none}/22`, '', ''])
  })

  it('are restored after an edit or a deletion by hand', async (t) => {
    const other = await open()
    t.after(() => other.close())
    const policy = ['-n', INSTANCE, 'networkpolicy', 'berth-reach-internet']
    const specOf = async () => (await cluster.kubectl('get', ...policy, '-o', 'jsonpath={.spec}')).trim()
    const original = await specOf()
    for (const edit of [
      { ingress: [{}] },
      { egress: [{}] },
      { podSelector: { matchLabels: { further: 'label' } } },
      { policyTypes: ['Ingress'] },
    ]) {
      // Another manager that has applied the same has edited nothing.
      await other.provision()
      assert.equal(await engine.isProvisioned(), true)
      await cluster.kubectl('patch', ...policy, '--type=merge', '-p', JSON.stringify({ spec: edit }))
      assert.notEqual(await specOf(), original)
      assert.equal(await engine.isProvisioned(), false, JSON.stringify(edit))
      await engine.provision()
      assert.equal(await specOf(), original)
    }
    await cluster.kubectl('delete', ...policy)
    assert.equal(await engine.isProvisioned(), false)
    await engine.provision()
    assert.equal(await specOf(), original)
    assert.equal(await engine.isProvisioned(), true)
  })

  it('are shown again when the canary is gone', async () => {
    const [canary = ''] = await helpers('canary')
    assert.equal(await engine.isProvisioned(), true)
    await cluster.kubectl('-n', INSTANCE, 'delete', 'pod', canary, '--wait=false')
    await eventually(async () => !(await engine.isProvisioned()))
    await engine.provision()
    assert.equal(await engine.isProvisioned(), true)
    const [next, ...more] = await helpers('canary')
    assert.notEqual(next, canary)
    assert.deepEqual(more, [])
    assert.deepEqual(await helpers('probe'), [])
  })
})
