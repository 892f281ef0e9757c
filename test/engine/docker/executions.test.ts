/** What begins in a container and what freezes it: never both at once, whatever Docker takes for it. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { Executions } from '../../../src/engine/docker/executions.ts'
import { eventually } from '../../support/eventually.ts'
import { pretendDocker } from '../../support/pretended-docker.ts'

const never = new AbortController().signal
const command = ['true']

/** An engine that answers what it is told to, when it is told to; its requests are their paths. */
async function pretend(t: TestContext) {
  const asked: { readonly path: string; readonly response: ServerResponse }[] = []
  const docker = await pretendDocker(t, (request, response) => asked.push({ path: request.url ?? '', response }))
  return {
    executions: new Executions(docker),
    paths: () => asked.map(({ path }) => path),
    async answer(nth: number, status: number) {
      await eventually(async () => asked.length > nth)
      asked[nth]?.response.writeHead(status).end()
    },
  }
}

test('What something is under way in is not frozen, and what is next to it is', async (t) => {
  const { executions, paths, answer } = await pretend(t)
  const [one, other] = [executions.execute('a', { command }, never), executions.execute('a', { command }, never)]
  assert.equal(await executions.freeze('a', never), false)
  await answer(0, 404)
  await assert.rejects(Promise.race([one, other]), { code: 'guest_failed' })
  assert.equal(await executions.freeze('a', never), false, 'one of two has ended')
  const frozen = executions.freeze('b', never)
  await answer(2, 204)
  assert.equal(await frozen, true)
  await answer(1, 404)
  await Promise.allSettled([one, other])
  const free = executions.freeze('a', never)
  await answer(3, 204)
  assert.equal(await free, true)
  assert.deepEqual(paths(), ['/containers/a/exec', '/containers/a/exec', '/containers/b/pause', '/containers/a/pause'])
})

test('Nothing begins in what is being frozen; when that has failed, it does', async (t) => {
  const { executions, paths, answer } = await pretend(t)
  const frozen = executions.freeze('a', never)
  await assert.rejects(executions.execute('a', { command }, never), { code: 'guest_failed', message: /cut off/ })
  await answer(0, 500)
  await assert.rejects(frozen)
  const begun = executions.execute('a', { command }, never)
  await answer(1, 404)
  await assert.rejects(begun, { code: 'guest_failed' })
  assert.deepEqual(paths(), ['/containers/a/pause', '/containers/a/exec'])
})
