import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { mark } from '../../../../lab/database-mark.ts'
import type { ContainerSpec } from '../../../../src/domain/container.ts'
import { diskProblem } from '../../../../src/engine/docker/container/disk.ts'
import { pretendDocker } from '../../../support/engine/pretended-docker.ts'

const never = new AbortController().signal
const ID = 'a'.repeat(64)

const spec: ContainerSpec = {
  instance: 'berth',
  pool: 'lab',
  name: 'lab-disk',
  generation: 1,
  image: 'berth/box',
  bind: '127.0.0.1',
  ...{ memory: 2 ** 29, shm: 2 ** 26, disk: 5 * 2 ** 30, cpus: 1, pids: 256 },
  sudo: true,
  reach: 'internet',
  runtime: null,
}

/** Answers of a Docker with this storage to the creation of a container. */
interface Storage {
  readonly driver?: string
  readonly status: readonly (readonly [string, string])[]
  readonly created: readonly [status: number, body: object]
}

/** Returns the problem, and the requests that Docker received. */
async function ask(t: TestContext, { driver = 'overlay2', status, created }: Storage) {
  const requests: string[] = []
  const docker = await pretendDocker(t, (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${new URL(request.url ?? '', 'http://docker').pathname.replace(/^\/v[\d.]+/, '')}`)
    const says = (code: number, body: object) =>
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url?.includes('/info')) return says(200, { Driver: driver, DriverStatus: status })
    if (request.method === 'POST') return says(...created)
    return response.writeHead(204).end()
  })
  return { problem: await diskProblem(docker, spec, mark(), never), requests }
}

const extfs = [['Backing Filesystem', 'extfs']] as const

test('a container with the limit is created, and removed again', async (t) => {
  const { problem, requests } = await ask(t, { status: [['Backing Filesystem', 'xfs']], created: [201, { Id: ID }] })
  assert.equal(problem, null)
  assert.deepEqual(requests, ['GET /info', 'POST /containers/create', `DELETE /containers/${ID}`])
})

test('the refusal of a storage driver comes with the driver and the remedy', async (t) => {
  const message = "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
  const { problem } = await ask(t, { status: extfs, created: [500, { message }] })
  assert.equal(
    problem,
    `Docker's storage driver (overlay2 on extfs) cannot limit the disk: ${message}. Put Docker's data folder on xfs that ` +
      'is mounted with "pquota", or on zfs; or take "disk" out of the pool',
  )
})

test('a limit that is smaller than the image is told from a missing quota', async (t) => {
  const message = 'Failed to limit qgroup: disk quota exceeded'
  const { problem } = await ask(t, { status: [], created: [500, { message }] })
  assert.match(problem ?? '', /disk quota exceeded\. The image does not fit into "disk" of the pool/)
})

test('containers in containerd have no limit: Docker would ignore it', async (t) => {
  const status = [['driver-type', 'io.containerd.snapshotter.v1']] as const
  const { problem, requests } = await ask(t, { status, created: [201, { Id: ID }] })
  assert.match(problem ?? '', /stores containers in containerd: set .*"containerd-snapshotter": false/)
  assert.deepEqual(requests, ['GET /info'])
})

test('btrfs is refused, whose limits do not hold', async (t) => {
  const { problem, requests } = await ask(t, { driver: 'btrfs', status: [], created: [201, { Id: ID }] })
  assert.match(problem ?? '', /\(btrfs\) cannot limit the disk: .* after a container was removed\. Put Docker's data/)
  assert.deepEqual(requests, ['GET /info'])
})

test('a missing image, or another failure, is no problem of the disk', async (t) => {
  for (const message of ['No such image: berth/box:latest', 'unknown runtime specified nope']) {
    assert.equal((await ask(t, { status: extfs, created: [404, { message }] })).problem, null)
  }
})
