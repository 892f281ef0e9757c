/** Watches of a real API server: what arrives, and what happens when nothing does. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, describe, it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { openProxy } from '../../lab/postgres/proxy.ts'
import { readKubeconfig } from '../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../src/engine/kubernetes/api/client.ts'
import type { WatchLimits } from '../../src/engine/kubernetes/api/watch.ts'
import { call, CONFIG_MAPS, connectTo, sharedCluster, uniqueName } from './support/bed.ts'

const cluster = await sharedCluster()
const admin = await connectTo(cluster.kubeconfig)
after(() => admin.close())

/** Watches the objects of a label, and counts the calls. `change` makes an object of the label. */
function watchLabel(client: KubernetesClient, limits: Partial<WatchLimits> = {}) {
  const label = uniqueName('watch')
  const query = { labelSelector: `watch=${label}` }
  const counter = { calls: 0 }
  const close = client.watch({ path: CONFIG_MAPS, query, onChange: () => (counter.calls += 1), limits })
  after(close)
  const change = async () => {
    const metadata = { name: uniqueName('map'), labels: { watch: label } }
    await admin.create(CONFIG_MAPS, { metadata }, call('create'))
    return metadata.name
  }
  return { counter, change, close }
}

describe('a watch', () => {
  it('reports each change, and nothing else', async () => {
    const { counter, change, close } = watchLabel(admin)
    await eventually(async () => counter.calls === 1)
    const name = await change()
    await eventually(async () => counter.calls === 2)
    await admin.delete(`${CONFIG_MAPS}/${name}`, {}, call('delete'))
    await eventually(async () => counter.calls === 3)
    close()
    await change()
    await sleep(300)
    assert.equal(counter.calls, 3)
  })

  it('goes on where it was when the API server ends it in time', async () => {
    const { counter, change } = watchLabel(admin, { serverTimeoutS: 1 })
    await eventually(async () => counter.calls === 1)
    for (let changes = 1; changes <= 4; changes += 1) {
      await sleep(700)
      await change()
      await eventually(async () => counter.calls === 1 + changes)
    }
  })

  it('misses nothing when the API server was killed', async () => {
    const { counter, change } = watchLabel(admin, { maxPauseMs: 500 })
    await eventually(async () => counter.calls === 1)
    await cluster.apiServer.kill()
    await cluster.apiServer.start()
    // Whether the watch goes on where it was, or is begun anew later.
    await change()
    await eventually(async () => counter.calls >= 2)
    const { calls } = counter
    await change()
    await eventually(async () => counter.calls > calls)
  })

  it('begins again when nothing arrives for too long, as on a connection that leads nowhere', async () => {
    const { hostname, port } = new URL(cluster.apiServer.url)
    const proxy = await openProxy(Number(port), undefined, hostname)
    const options = { context: null, environment: {}, clock: () => Date.now() }
    const direct = await readKubeconfig(cluster.kubeconfig, options)
    const client = new KubernetesClient({ ...direct, server: new URL(`https://127.0.0.1:${proxy.port}`) })
    const { counter, change } = watchLabel(client, { silenceMs: 2_000 })
    await eventually(async () => counter.calls === 1)
    proxy.drop(true)
    await change()
    await sleep(300)
    assert.equal(counter.calls, 1)
    proxy.drop(false)
    await eventually(async () => counter.calls >= 2)
    client.close()
    proxy.close()
  })
})
