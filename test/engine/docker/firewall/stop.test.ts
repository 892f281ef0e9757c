import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { connect } from '../../../../src/engine/docker/api/client.ts'
import { ensureFirewall } from '../../../../src/engine/docker/firewall/firewall.ts'
import { blocklistName } from '../../../../src/engine/docker/firewall/rules.ts'
import { firewallName } from '../../../../src/engine/docker/firewall/spec.ts'
import { docker } from '../../../../lab/docker.ts'
import { testInstance } from '../../../../lab/instance.ts'

const { instance } = testInstance('firewall-stop')
const engine = connect(process.env['DOCKER_HOST'])
after(() => engine.close())

it('a firewall that is stopped takes its rules with it, whatever the stop signal of the image', async () => {
  const tables = () =>
    docker(...'run --rm --network host --cap-add NET_ADMIN --entrypoint nft berth/box list tables'.split(' '))
  await ensureFirewall(engine, instance, AbortSignal.timeout(30_000))
  assert.ok((await tables()).includes(blocklistName(instance)))
  await docker('stop', firewallName(instance))
  assert.ok(!(await tables()).includes(blocklistName(instance)))
})
