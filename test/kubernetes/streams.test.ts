/** Commands and attached streams in real pods. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import type { Target } from '../../src/engine/kubernetes/api/stream/channels.ts'
import type { ExecRequest } from '../../src/ports/engine.ts'
import { call, connectTo, PODS, runPod, sharedCluster } from './support/bed.ts'

const cluster = await sharedCluster()
const client = await connectTo(cluster.kubeconfig)
after(() => client.close())

describe('a command', () => {
  let pod: Target
  before(async () => (pod = await runPod(client, 'exec sleep 1000')))
  const run = (command: readonly string[], more: Partial<ExecRequest> = {}) =>
    client.exec(pod, { command, timeoutMs: 30_000, ...more }, 'run')

  it('returns its outputs and its exit code', async () => {
    const script = 'printf "%s" "$1"; echo problem >&2; exit 7'
    assert.deepEqual(await run(['sh', '-c', script, 'sh', 'ünï & "code"']), {
      code: 7,
      stdout: 'ünï & "code"',
      stderr: 'problem\n',
    })
    assert.deepEqual(await run(['true']), { code: 0, stdout: '', stderr: '' })
  })

  it('reads its stdin to the end', async () => {
    assert.deepEqual(await run(['cat'], { stdin: 'one\ntwo' }), { code: 0, stdout: 'one\ntwo', stderr: '' })
    assert.equal((await run(['wc', '-c'], { stdin: '' })).stdout.trim(), '0')
    const large = 'größer\n'.repeat(100_000)
    const digest = await run(['md5sum'], { stdin: large })
    const { stdout } = await run(['sh', '-c', 'for i in $(seq 100000); do echo größer; done | md5sum'])
    assert.equal(digest.stdout, stdout)
    // It ends without reading, with a code of its own.
    assert.equal((await run(['sh', '-c', 'exit 9'], { stdin: large })).code, 9)
  })

  it('fails when it cannot be started, or writes too much', async () => {
    // Docker reports an exit code of its own, containerd an error.
    const failure = await run(['no-such-program']).then(
      ({ code }) => `code ${code}`,
      (error: Error & { code: string }) => error.code,
    )
    assert.match(failure, /^(?:code 12[67]|guest_failed)$/)
    const tooMuch = ['head', '-c', '1000000', '/dev/zero']
    await assert.rejects(run(tooMuch), { code: 'guest_failed', message: 'the command wrote more than 256 KiB' })
  })

  it('has a deadline', async () => {
    const begun = performance.now()
    await assert.rejects(run(['sleep', '60'], { timeoutMs: 700 }), {
      code: 'engine_unavailable',
      message: /^run: Kubernetes at .*: no answer within 700 ms$/,
    })
    assert.ok(performance.now() - begun < 5_000)
  })

  it('fails in a pod that is gone or has ended, and when its container is killed', async () => {
    const request = { command: ['true'], timeoutMs: 30_000 }
    await assert.rejects(client.exec({ ...pod, pod: 'nowhere' }, request, 'run'), {
      code: 'guest_failed',
      message: 'pods "nowhere" not found',
    })
    const other = await runPod(client, 'exec sleep 1000')
    const waiting = client.exec(other, { command: ['sleep', '60'], timeoutMs: 30_000 }, 'run')
    const ended = waiting.then(
      ({ code }) => `code ${code}`,
      (error: Error & { code: string }) => error.code,
    )
    await sleep(500)
    await client.delete(`${PODS}/${other.pod}`, { gracePeriodSeconds: 1 }, call('delete'))
    assert.match(await ended, /code 137|guest_failed|engine_unavailable/)
  })

  it('fails when the API server is killed, and runs again when it is back', async () => {
    const waiting = assert.rejects(run(['sleep', '60']), { code: 'engine_unavailable' })
    await sleep(500)
    await cluster.apiServer.kill()
    await waiting
    await cluster.apiServer.start()
    assert.equal((await run(['echo', 'again'])).stdout, 'again\n')
  })
})

describe('an attached stream', () => {
  let pod: Target
  const script = 'while read -r line; do echo "got $line"; done'
  before(async () => (pod = await runPod(client, script, { stdin: true })))

  it('carries lines in both directions, and can be opened again', async () => {
    for (const line of ['first', 'second']) {
      const stream = await client.run(call('attach'), (signal) => client.attach(pod, signal))
      const lines = readLines(stream)
      stream.write(`${line}\n`)
      assert.equal((await lines.next()).value, `got ${line}`)
      stream.destroy()
      await once(stream, 'close')
    }
  })

  it('delivers everything to a slow reader', async () => {
    const stream = await client.run(call('attach'), (signal) => client.attach(pod, signal))
    const count = 20_000
    stream.write(Array.from({ length: count }, (_, index) => `${index}\n`).join(''))
    await sleep(500)
    const lines = readLines(stream)
    for (let index = 0; index < count; index += 1) assert.equal((await lines.next()).value, `got ${index}`)
    stream.destroy()
  })

  it('ends with the container', async () => {
    const stream = await client.run(call('attach'), (signal) => client.attach(pod, signal))
    stream.on('error', () => undefined).resume()
    const closed = once(stream, 'close')
    await client.delete(`${PODS}/${pod.pod}`, { gracePeriodSeconds: 1 }, call('delete'))
    await closed
    const toNowhere = client.run(call('attach'), (signal) => client.attach({ ...pod, pod: 'nowhere' }, signal))
    await assert.rejects(toNowhere, { code: 'guest_failed' })
  })
})

async function* readLines(stream: Duplex): AsyncGenerator<string, void> {
  let rest = ''
  for await (const chunk of stream) {
    rest += String(chunk)
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
