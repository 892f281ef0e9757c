/** The manager in a container, as deploy/docker/compose.yml runs it: it works with Docker, and tenants log in. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../../src/config/config.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { newInstance, removeLeaving } from '../../lab/instance.ts'
import { reservePorts } from '../../lab/ports.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'
import { testBerth } from '../support/manager/berth.ts'
import { buildManagerImage } from '../support/manager/manager-image.ts'
import { seccompProfile } from '../support/system-calls.ts'
import { runTool } from '../support/test-tools.ts'
import { ROOT } from '../support/text/markdown.ts'

const FOLDER = join(ROOT, 'deploy/docker')
const EPERM = 1

const { instance, pool } = newInstance('contained')
const [port = 0, sshPort = 0, unusedPort = 0] = await reservePorts(3)
const folder = mkdtempSync(join(tmpdir(), 'berth-container-'))
buildDashboard()
const image = await buildManagerImage()
const DOCKER_GID = String(statSync('/var/run/docker.sock').gid)
process.env['DOCKER_GID'] = DOCKER_GID

const config = {
  listen: `127.0.0.1:${port}`,
  auth: 'tokens',
  instance,
  database: '/var/lib/berth/containers.db',
  pools: { [pool]: { size: 1, ssh_ports: sshPort } },
}
writeFileSync(join(folder, 'berth.yml'), stringify(config))
writeFileSync(join(folder, 'seccomp.json'), JSON.stringify(await seccompProfile('@system-service', EPERM)))
// Differences from the shipped file. The short interval of the health check saves the test a wait of 30 seconds.
const override = {
  services: {
    manager: {
      image,
      restart: 'no',
      healthcheck: { interval: '1s' },
      volumes: [`${folder}/berth.yml:/etc/berth/berth.yml:ro`],
      // In addition to no-new-privileges: only the system calls that berth.service allows.
      security_opt: [`seccomp:${folder}/seccomp.json`],
    },
  },
}
// As JSON, because compose reads an unquoted "no" as false.
writeFileSync(join(folder, 'override.yml'), JSON.stringify(override))

async function compose(...args: string[]): Promise<string> {
  const files = ['--file', join(FOLDER, 'compose.yml'), '--file', join(folder, 'override.yml')]
  const { code, output } = await runTool('docker-compose', ['--project-name', instance, ...files, ...args])
  assert.equal(code, 0, output)
  return output
}

after(async () => {
  await compose('down', '--volumes')
  rmSync(folder, { recursive: true })
  await removeLeaving(instance, [`${pool}-1`])
})

const url = `http://127.0.0.1:${port}`
const isServing = async () => (await fetch(`${url}/readyz`)).status === 200

describe('the manager in a container', () => {
  const berth = testBerth({ BERTH_URL: url })
  let id = ''

  it('makes an admin token before the first start', async () => {
    const output = await compose(...'run --rm -T manager token create --offline --name a --admin'.split(' '))
    const [token] = /^berth_\w+$/m.exec(output) ?? assert.fail(output)
    berth.env['BERTH_TOKEN'] = token
  })

  it('lends a container, in which a command runs over SSH', async () => {
    await compose('up', '--detach', '--no-build', 'manager')
    id = await docker('ps', '--quiet', '--filter', `label=com.docker.compose.project=${instance}`)
    await eventually(isServing)
    const { code, stdout, stderr } = await berth.run('run', '--wait', '60s', '--', 'id', '-un')
    assert.deepEqual([code, stdout], [0, 'user\n'], stderr)
  })

  it('serves the dashboard that the checkout has built', async () => {
    const page = await (await fetch(`${url}/ui/`)).text()
    const [, script] = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(page) ?? assert.fail(page)
    const { status, headers } = await fetch(`${url}${script}`, { headers: { 'accept-encoding': 'br' } })
    assert.deepEqual([status, headers.get('content-encoding')], [200, 'br'])
  })

  it('is healthy, and a manager that does not serve is not', async () => {
    const health = () => docker('inspect', '--format', '{{.State.Health.Status}}', id)
    await eventually(async () => (await health()) === 'healthy')
    const check = ['/opt/berth/node_modules/.bin/node', '/opt/berth/deploy/docker/health.mjs']
    await docker('exec', id, ...check)
    await assert.rejects(docker('exec', '--env', `BERTH_LISTEN=127.0.0.1:${unusedPort}`, id, ...check), /ECONNREFUSED/)
  })

  it('is not root, and cannot change its own files', async () => {
    assert.match(await docker('exec', id, 'id'), /^uid=10001\(berth\)/)
    await assert.rejects(docker('exec', id, 'touch', '/opt/berth/src/x'), /Read-only file system/)
    const status = await docker('exec', id, 'grep', '-E', '^(CapEff|NoNewPrivs|Seccomp):', '/proc/1/status')
    assert.deepEqual(status.split(/\s+/), ['CapEff:', '0000000000000000', 'NoNewPrivs:', '1', 'Seccomp:', '2'])
  })

  it('keeps reservations over a restart, ends in time, and writes no token into the log', async () => {
    const reserved = await berth.json<{ id: string }>('reserve', '--wait', '60s')
    await compose('stop', '--timeout', '20')
    assert.equal(await docker('inspect', '--format', '{{.State.ExitCode}}', id), '0')
    await compose('start')
    await eventually(isServing)
    const shown = await berth.run('ls', '--json')
    assert.match(shown.stdout, new RegExp(reserved.id), shown.stderr)
    assert.equal((await berth.run('release', '--all')).code, 0)
    const log = await compose('logs', '--no-color', 'manager')
    assert.match(log, /"level":/)
    assert.doesNotMatch(log, /berth_[0-9a-f]{6}|BERTH_TOKEN/)
  })
})

describe('deploy/docker', () => {
  it('has a berth.yml that is valid', () => {
    const { listen, database, auth } = parseConfig(readFileSync(join(FOLDER, 'berth.yml'), 'utf8'), 'berth.yml', {})
    assert.deepEqual([listen.host, database, auth], ['127.0.0.1', '/var/lib/berth/containers.db', 'tokens'])
  })

  it('has a compose.yml of two services, and compose refuses it without the group of the socket', async () => {
    const { code, output } = await runTool('docker-compose', ['--file', join(FOLDER, 'compose.yml'), 'config'])
    assert.equal(code, 0, output)
    const { services } = parse(output) as { services: object }
    assert.deepEqual(Object.keys(services).sort(), ['caddy', 'manager'])
    delete process.env['DOCKER_GID']
    const refused = await runTool('docker-compose', ['--file', join(FOLDER, 'compose.yml'), 'config'])
    process.env['DOCKER_GID'] = DOCKER_GID
    assert.notEqual(refused.code, 0)
    assert.match(refused.output, /DOCKER_GID/)
  })
})
