/** `just kubernetes`: runs a cluster until Ctrl-C, to try Berth with Kubernetes. Takes names of images to load. */
import { once } from 'node:events'
import { join } from 'node:path'
import { buildPrograms, startCluster } from './cluster.ts'

const cluster = await startCluster()
await cluster.enforce()
for (const image of process.argv.slice(2)) await cluster.load(image)
const kubectl = join(await buildPrograms(), 'kubectl')
process.stdout.write(`Kubernetes is running until Ctrl-C, and then removed. In another terminal:

    export KUBECONFIG=${cluster.kubeconfig}
    ${kubectl} get nodes
`)
const keepAlive = setInterval(() => undefined, 60_000)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
clearInterval(keepAlive)
await cluster.stop()
