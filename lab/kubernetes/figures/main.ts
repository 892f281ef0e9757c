/**
 * Measures Berth on Kubernetes, with two nodes, two managers and two gateways on this machine:
 * `node lab/kubernetes/figures/main.ts [ROUNDS]`. Writes progress to stderr, and tables to stdout. Ctrl-C ends it, and
 * still prints the tables.
 */
import { loadavg } from 'node:os'
import { readKubeconfig } from '../../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../../src/engine/kubernetes/api/client.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { IMAGE, type Installation, startInstallation } from './installation.ts'
import { watchMachine } from './machine.ts'
import { burst, deletePod, expiries, makePod, oneEnd, oneLogin } from './measures.ts'
import { PodTimes } from './pod-times.ts'
import { Durations } from './durations.ts'

const POOL = 4
const BURST_POOL = 20
const BURSTS = 3
/** Its p99 is not needed. */
const ROUNDS_PER_POD = 5

const rounds = Number(process.argv[2] ?? 100)
if (!(rounds >= 1)) throw new Error('usage: main.ts [ROUNDS]')

const [times, steps] = [new Durations(), new Durations()]
const load = loadavg()[0] ?? Number.NaN
const cluster = await startCluster()
const stopEnforcing = await cluster.enforce()
const access = await readKubeconfig(cluster.kubeconfig, { context: null, environment: {}, clock: systemClock })
const client = new KubernetesClient(access)
let pods: PodTimes | null = null
try {
  await cluster.load(IMAGE)
  pods = await PodTimes.follow(cluster)
  await oneAfterAnother(pods)
  await manyAtOnce(pods)
} finally {
  pods?.stop()
  client.close()
  await stopEnforcing()
  await cluster.stop()
  print()
}

async function oneAfterAnother(followed: PodTimes): Promise<void> {
  await using on = await opened(cluster, POOL)
  const describe = watchMachine()
  let lent = await oneLogin(on, times, 0)
  for (let turn = 0; turn < rounds; turn += 1) {
    const name = turn % ROUNDS_PER_POD === 0 ? `alone-${turn}` : null
    if (name !== null) await makePod(client, followed, times, name)
    const next = await oneLogin(on, times, turn + 1)
    await oneEnd(on, followed, lent, { times, steps, turn })
    lent = next
    if (name !== null) await deletePod(client, followed, times, name)
    if (turn % 10 === 9) progress(`${turn + 1} reservations`)
  }
  progress(describe())
}

async function manyAtOnce(followed: PodTimes): Promise<void> {
  await using on = await opened(cluster, BURST_POOL)
  progress(`a pool of ${BURST_POOL} is ready`)
  await expiries(on, times)
  progress('reservations have expired')
  const describe = watchMachine()
  for (let nth = 1; nth <= BURSTS; nth += 1) {
    await burst(on, followed, times)
    progress(`${nth} of ${BURSTS} bursts`)
  }
  progress(describe())
}

async function opened(on: Cluster, size: number): Promise<Installation & AsyncDisposable> {
  const installation = await startInstallation(on, size)
  const stop = async () => {
    process.off('SIGINT', interrupt)
    await installation.stop()
  }
  // Everything else ends with this process.
  const interrupt = () => {
    print()
    void installation.stop().finally(() => process.exit(1))
  }
  process.once('SIGINT', interrupt)
  return { ...installation, [Symbol.asyncDispose]: stop }
}

function print(): void {
  process.stdout.write(`Load average before: ${load.toFixed(1)}\n\n${times.table()}\n${steps.table()}`)
}

function progress(text: string): void {
  process.stderr.write(`${Math.round(performance.now() / 1_000)} s: ${text}\n`)
}
