import { after, before } from 'node:test'
import { parseId } from '../../src/engine/kubernetes/pods/id.ts'
import { mark } from '../../lab/database-mark.ts'
import { openEngine } from '../../lab/kubernetes/engine.ts'
import { engineContract } from '../contracts/engine.ts'
import { contractCluster } from './support/contract-cluster.ts'
import { uniqueName } from './support/bed.ts'

const cluster = await contractCluster()
// A pod that is deleted while it starts may be ended only when its kubelet checks it again: 1 of 68, after 78 s (1.20).
const deadlines = { create: 150_000, remove: 150_000 }
const open = (instance: string, database?: string) =>
  openEngine(cluster.kubeconfig, instance, { database: mark(database), deadlines })

const [contract, next] = [uniqueName('contract'), uniqueName('neighbour')]
const engine = await open(contract)
const other = await open(contract, 'other')
const neighbour = { instance: next, pool: 'next', engine: await open(next) }

const nameOf = (id: string) => parseId(id)?.name ?? ''
const unsupported = async () => {
  throw new Error('the engine has no such trait')
}

before(async () => {
  for (const namespace of [contract, next]) await cluster.kubectl('create', 'namespace', namespace)
  await engine.provision()
  await neighbour.engine.provision()
})

after(async () => {
  for (const each of [engine, other, neighbour.engine]) await each.close()
  await cluster.clean(contract, next)
})

engineContract('kubernetes', {
  instance: contract,
  pool: 'pool',
  image: cluster.image,
  ports: [2_201, 2_202, 2_203, 2_204],
  engine,
  marks: { database: mark().id, origin: mark().origin },
  other,
  neighbour,
  pause: unsupported,
  unplug: unsupported,
  crash: async (id) => void (await cluster.kubectl('-n', contract, 'delete', 'pod', nameOf(id), '--wait=false')),
  send: async (id, line) => {
    const command = `until [ -p /run/berth/requests ]; do sleep 0.1; done; echo ${line} >/run/berth/requests`
    await cluster.kubectl('-n', contract, 'exec', nameOf(id), '--', 'sh', '-c', command)
  },
  account: async (id) => {
    await cluster.kubectl('-n', contract, 'exec', nameOf(id), '--', 'useradd', '-m', '-s', '/bin/bash', 'alice')
    return 'alice'
  },
  occupy: unsupported,
  // A kubelet that has just started a pod finishes that before it ends the pod.
  deadWithinMs: 4_000,
})
