/**
 * An engine that is elsewhere: behind TLS, and named by a context of Docker's. Manager, Ansible and set-up use the
 * same one.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { runPlaybook } from '../../lab/ansible.ts'
import { makeCertificates } from '../support/http/certificates.ts'
import { testManager } from '../../lab/manager.ts'
import { cannotHaveEngine, privateEngine } from '../support/engine/private-engine.ts'
import { loginAndRun } from '../support/ssh.ts'
import { mark } from '../../lab/database-mark.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const skip = cannotHaveEngine()

describe('an engine behind TLS', { skip }, async () => {
  if (skip) return
  const engine = await privateEngine()
  const folder = mkdtempSync(join(tmpdir(), 'berth-tls-'))
  after(() => rmSync(folder, { recursive: true }))
  const { server, client } = makeCertificates(join(folder, 'ours'), engine.host)
  const others = makeCertificates(join(folder, 'others'), engine.host)
  const address = `tcp://${engine.host}:2376`
  const keys = ['ca', 'cert', 'key'].map((name) => `--tls${name === 'ca' ? 'cacert' : name}=${server}/${name}.pem`)
  await engine.stop('SIGTERM')
  await engine.start({ options: ['--tlsverify', ...keys, '--host', address] })

  const playbook = join(folder, 'prepare.yml')
  const task = { name: 'Leave a mark', 'ansible.builtin.command': 'touch /prepared' }
  writeFileSync(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [task] }]))
  const manager = await testManager('tls', {
    size: 1,
    pool: { prepare: playbook },
    top: { ssh: { bind: engine.host, host: engine.host } },
  })
  const tls = { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: client }
  // As the docker command stores them.
  const context = {
    DOCKER_HOST: '',
    DOCKER_TLS_VERIFY: '',
    DOCKER_CERT_PATH: '',
    DOCKER_CONFIG: join(folder, 'config'),
  }
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { env: { ...process.env, ...context }, stdio: 'pipe' })
  const files = ['ca', 'cert', 'key'].map((name) => `${name}=${client}/${name}.pem`)
  docker('context', 'create', 'far-away', '--docker', `host=${address},${files.join(',')}`)
  docker('context', 'use', 'far-away')

  const login = async () => {
    await manager.untilReady()
    const { containers } = await manager.reserve({ username: 'alice', password: 'secret' })
    const [{ port } = { port: 0 }] = containers
    const session = { host: engine.host, port, username: 'alice', password: 'secret' }
    const { stdout } = await loginAndRun(session, 'whoami; ls /prepared')
    assert.equal(stdout, 'alice\n/prepared')
    await manager.get('/release_all')
  }

  for (const [name, env, source] of [
    ['DOCKER_TLS_VERIFY and DOCKER_CERT_PATH', tls, /engine +docker \S+, tcp:\S+ \(DOCKER_HOST, TLS\)/],
    ['a context', context, /engine +docker \S+, tcp:\S+ \(context "far-away" of \S+config\.json, TLS\)/],
  ] as const) {
    it(`lends containers that a playbook has prepared: ${name}`, async () => {
      await manager.start(env)
      await manager.shows(source)
      await login()
      await manager.interrupt()
    })
  }

  it('is provisioned by Ansible, and found by set-up', async () => {
    const config = join(manager.folder, 'berth.yml')
    const before = process.env['DOCKER_CONFIG']
    process.env['DOCKER_CONFIG'] = context.DOCKER_CONFIG
    try {
      await runPlaybook('unprovision', config)
      assert.doesNotMatch(await engine.docker('ps', '-a', '--format', '{{.Names}}'), new RegExp(manager.pool))
      await runPlaybook('provision', config)
      assert.match(await engine.docker('ps', '--format', '{{.Names}}'), new RegExp(`^${manager.pool}-1$`, 'm'))
      await runPlaybook('unprovision', config)
    } finally {
      if (before === undefined) delete process.env['DOCKER_CONFIG']
      else process.env['DOCKER_CONFIG'] = before
    }
    const parts = ['step', 'parallel', 'engine'].map((part) => `source scripts/lib/${part}.sh`)
    const engineStep = [...parts, 'step engine engine', 'run_steps'].join('; ')
    const env = { ...process.env, ...context }
    const said = execFileSync('bash', ['-euc', engineStep], { cwd: ROOT, env, encoding: 'utf8' })
    assert.match(said, /answers, skipped at tcp:\S+ \(context far-away\)/)
  })

  it('is not trusted with the wrong authority, nor does it trust a stranger; its own words reach the user', async () => {
    const mixed = join(folder, 'mixed')
    cpSync(others.client, mixed, { recursive: true })
    const asked = async (host: string, certificates: string | null) => {
      const asking = openDocker({ database: mark(), instance: 'tls', reaches: [], dockerHost: host, certificates })
      try {
        return await asking.version()
      } finally {
        await asking.close()
      }
    }
    await assert.doesNotReject(asked(address, client))
    await assert.rejects(asked(address, mixed), /self-signed|unable to (verify|get)/)
    copyFileSync(join(client, 'ca.pem'), join(mixed, 'ca.pem'))
    await assert.rejects(asked(address, mixed), /certificate|ECONNRESET|hang up|alert/)
    await assert.rejects(asked(address, null), /HTTP request to an HTTPS server.*DOCKER_TLS_VERIFY=1/)
    await assert.rejects(asked(address, folder), /ca\.pem.*DOCKER_CERT_PATH/)
  })
})
