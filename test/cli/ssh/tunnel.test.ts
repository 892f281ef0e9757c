/** `berth proxy` against a manager in memory, and the ProxyCommand that other commands write. */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import ssh2 from 'ssh2'
import type { Reserved } from '../../../src/client/client.ts'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { proxyCommandFor } from '../../../src/cli/ssh/tunnel/proxy-command.ts'
import { listening } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { BERTH, testBerth } from '../../support/manager/berth.ts'
import { openFailingProxy } from '../../support/http/failing-proxy.ts'
import { openTokenApi } from '../../support/http/token-api.ts'
import { standInForSshd } from '../../support/http/tunnel-client.ts'
import { newKeyPair } from '../../../lab/key-pair.ts'

const api = await openTokenApi()
const { address } = await listening(api)
const ann = await api.give('ann')
const bob = await api.give('bob')
const berth = testBerth({ BERTH_URL: address, BERTH_TOKEN: ann.text })
/** What clients have sent to the server. */
let heard = ''
/** Speaks first, as sshd does, and returns what it reads in capitals. */
const server = await standInForSshd((socket) => {
  socket.write('SSH-2.0-test\r\n')
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
    socket.write(text.toUpperCase(), 'latin1')
  })
})
api.world.host.sshd = server.address
const { id, containers } = await berth.json<Reserved>('reserve', '--for', '1h')
const container = containers[0] ?? assert.fail('nothing reserved')
const { name } = container

afterEach(() => {
  api.world.host.sshd = server.address
  heard = ''
})

describe('berth proxy', () => {
  it('connects stdin and stdout, and ends with its input', async () => {
    const { child, output, ended } = berth.start('proxy', name)
    child.stdin?.write('hello')
    await eventually(async () => output() === 'SSH-2.0-test\r\nHELLO')
    child.stdin?.end()
    assert.deepEqual(await ended, { code: 0, stdout: 'SSH-2.0-test\r\nHELLO', stderr: '' })
    await eventually(async () => server.connections.size === 0)
  })

  it('passes on any bytes, and ends when sshd closes the connection', async () => {
    const sent = randomBytes(3 * 1024 * 1024)
    const returning = await standInForSshd((socket) => {
      socket.write('x')
      const chunks: Buffer[] = []
      let length = 0
      socket.on('data', (data) => {
        chunks.push(data)
        length += data.length
        if (length === sent.length) socket.end(Buffer.concat(chunks))
      })
    })
    api.world.host.sshd = returning.address
    const run = berth.start('proxy', name)
    const chunks: Buffer[] = []
    run.child.stdout?.setEncoding('latin1').on('data', (text: string) => void chunks.push(Buffer.from(text, 'latin1')))
    run.child.stdin?.write(sent)
    assert.equal((await run.ended).code, 0)
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat([Buffer.from('x'), sent])))
  })

  it('says in one line why it is refused', async () => {
    const missing = await berth.run('proxy', 'alpine-9')
    assert.deepEqual([missing.code, missing.stdout], [1, ''])
    assert.match(missing.stderr, /^berth: you have no reservation with a container "alpine-9"\n {2}`berth ls` .*\n$/)
    const foreign = await berth.runWith({ env: { BERTH_TOKEN: bob.text } }, 'proxy', name)
    assert.deepEqual(
      [foreign.code, foreign.stderr.split('\n')[0]],
      [1, missing.stderr.split('\n')[0]?.replace('9', '1')],
    )
    const wrong = await berth.runWith({ env: { BERTH_TOKEN: 'wrong' } }, 'proxy', name)
    assert.equal(wrong.code, 4)
    const { code, shown } = await berth.inTerminal('proxy', name)
    assert.equal(code, 2)
    assert.match(shown, /^berth: stdout is a terminal/)
  })

  it('says why the manager has closed the connection', async () => {
    const { containers: others } = await berth.json<Reserved>('reserve')
    const run = berth.start('proxy', others[0]?.name ?? '')
    await eventually(async () => run.output() !== '')
    assert.equal((await berth.run('release', others[0]?.name ?? '')).code, 0)
    const { code, stderr } = await run.ended
    assert.equal(code, 1)
    assert.match(stderr, /^berth: The reservation was released at \d\d:\d\d UTC\.\n$/)
    await api.world.settle()
  })

  it('tries again while the manager or the container is away, and sends nothing twice', async () => {
    const proxy = await openFailingProxy(address)
    proxy.answer('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    api.world.host.sshd = null
    const run = berth.start('--url', proxy.url, 'proxy', name)
    run.child.stdin?.write('once')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    proxy.pass()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    assert.equal(run.output(), '')
    api.world.host.sshd = server.address
    await eventually(async () => run.output() === 'SSH-2.0-test\r\nONCE')
    assert.equal(heard, 'once')
    proxy.cut()
    const { code, stderr } = await run.ended
    assert.deepEqual([code, stderr], [5, 'berth: the connection to the manager was lost\n'])
  })
})

describe('the ProxyCommand', () => {
  const settings = { url: address, from: 'BERTH_URL' } as const
  const commandFor = (some: { option?: boolean; tunnel?: boolean; env?: string; url?: string }) =>
    proxyCommandFor(
      { ...container, tunnel: some.tunnel ?? false },
      {
        environment: readEnvironment({ BERTH_TUNNEL: some.env }),
        settings: { ...settings, url: some.url ?? address },
        option: some.option,
      },
    )

  it('is used as the option, BERTH_TUNNEL and the manager say, in this order', () => {
    const used = (some: Parameters<typeof commandFor>[0]) => commandFor(some) !== undefined
    assert.deepEqual([used({}), used({ tunnel: true })], [false, true])
    assert.deepEqual([used({ env: '1' }), used({ env: '0', tunnel: true })], [true, false])
    assert.deepEqual([used({ option: true, env: '0' }), used({ option: false, env: '1', tunnel: true })], [true, false])
    assert.throws(() => used({ env: 'yes' }), /invalid BERTH_TUNNEL "yes": allowed are 1 and 0/)
  })

  it('reaches the shell of ssh as these words, without a token', () => {
    const url = "http://127.0.0.1:1/a%20b'c $(touch x)"
    const text = commandFor({ option: true, url }) ?? ''
    // ssh replaces %% and runs the rest in a shell.
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${text.replaceAll('%%', '%')}`], { encoding: 'utf8' })
    assert.deepEqual(words.split('\n'), [join(BERTH), '--url', url, 'proxy', name, ''])
  })

  it('lets ssh refuse a server with another host key than the manager knows', async () => {
    const stranger = new ssh2.Server({ hostKeys: [newKeyPair().privateKey] }, (client) => {
      client.on('error', () => undefined)
    })
    stranger.listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    api.world.host.sshd = { host: '127.0.0.1', port: (stranger.address() as AddressInfo).port }
    const { code, stdout, stderr } = await berth.run('ssh', '--tunnel', name, '--', 'true')
    stranger.close()
    assert.deepEqual([code, stdout], [255, ''])
    assert.match(stderr, /Host key verification failed/)
  })

  it('is in the configuration of ssh, and stays there until --no-tunnel', async () => {
    const { stdout } = await berth.run('ssh-config', '--tunnel')
    assert.match(stdout, new RegExp(`^ {2}ProxyCommand .*/bin/berth --url ${address} proxy ${name}$`, 'm'))
    assert.doesNotMatch(stdout, new RegExp(ann.text))
    assert.equal((await berth.run('ssh-config')).stdout, stdout)
    assert.doesNotMatch((await berth.run('ssh-config', '--no-tunnel')).stdout, /ProxyCommand/)
    const file = join(berth.home, 'config')
    writeFileSync(file, stdout, { mode: 0o600 })
    execFile('ssh', ['-F', file, `${name}.berth`, 'true'], { env: berth.env }, () => undefined)
    await eventually(async () => heard.startsWith('SSH-2.0-OpenSSH'))
  })

  it('is in the inventory of Ansible, with the host key that the manager knows', async () => {
    const { stdout } = await berth.run('inventory', '--host', name, '--tunnel')
    const variables = JSON.parse(stdout) as Record<string, Record<string, string>>
    const args = variables['ansible_ssh_common_args']?.['__ansible_unsafe'] ?? ''
    assert.match(args, new RegExp(`^-o 'ProxyCommand=\\S+/bin/berth --url ${address} proxy ${name}' -o HostKeyAlias=`))
    const known = readFileSync(join(berth.home, '.local/state/berth/reservations', id, 'known_hosts'), 'utf8')
    assert.equal(known, `${name}.g${container.generation}.berth ${container.known_hosts?.replace(/^\S+ /, '')}\n`)
  })
})
