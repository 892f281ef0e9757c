import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { type ContainerSpec, REACHES } from '../../../../src/domain/container.ts'
import { ansibleNetworkParameters, ansibleParameters } from '../../../../src/engine/docker/ansible/parameters.ts'
import { SECCOMP_PROFILE } from '../../../../src/engine/docker/container/seccomp.ts'
import { bridgeName } from '../../../../src/engine/docker/network/spec.ts'
import { createOptions } from '../../../../src/engine/docker/container/spec.ts'
import { accountUid } from '../../../../src/engine/confinement.ts'
import { SPEC_FORMAT } from '../../../../src/engine/labels.ts'
import { mark } from '../../../../lab/database-mark.ts'

const spec: ContainerSpec = {
  instance: 'berth',
  pool: 'alpine',
  name: 'alpine-1',
  generation: null,
  image: 'berth/box',
  bind: '127.0.0.1',
  port: 2221,
  memory: 512 * 1024 * 1024,
  shm: 2 ** 26,
  cpus: 1.5,
  pids: 256,
  sudo: true,
  reach: 'internet',
  disk: null,
  runtime: null,
}

it('needs another SPEC_FORMAT for other options', () => {
  const options = [true, false].map((sudo) => ({ ...createOptions({ ...spec, sudo }, mark()), Labels: {} }))
  const digest = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)
  // When this fails: raise SPEC_FORMAT, so that running containers are replaced, and write the new pair here.
  assert.deepEqual({ SPEC_FORMAT, digest }, { SPEC_FORMAT: 6, digest: '169a23368fd42ed8' })
})

it('has the same options for Docker and for Ansible', () => {
  const { labels, capabilities, ...rest } = ansibleParameters(spec, mark())
  const options = createOptions(spec, mark())
  assert.deepEqual(labels, options.Labels)
  assert.deepEqual(capabilities, options.HostConfig.CapAdd)
  assert.deepEqual(rest, {
    name: 'alpine-1',
    hostname: 'alpine-1',
    image: 'berth/box',
    interactive: true,
    env: { BERTH_UID: '22221' },
    detach: true,
    init: true,
    network_mode: 'berth-berth-internet',
    dns_servers: [],
    dns_opts: ['ndots:off'],
    published_ports: ['127.0.0.1:2221:22/tcp'],
    restart_policy: 'unless-stopped',
    memory: '536870912',
    memory_swap: '536870912',
    shm_size: '67108864',
    cpus: 1.5,
    pids_limit: 256,
    cap_drop: ['ALL'],
    ulimits: ['nofile:1024:16384'],
    security_opts: [`seccomp=${SECCOMP_PROFILE}`],
    log_driver: 'json-file',
    log_options: { 'max-size': '1m', 'max-file': '1' },
  })
})

it('forbids new privileges without sudo', () => {
  const [first] = createOptions({ ...spec, sudo: false }, mark()).HostConfig.SecurityOpt
  assert.equal(first, 'no-new-privileges')
})

it('writes IPv6 addresses as Ansible wants them', () => {
  assert.deepEqual(ansibleParameters({ ...spec, bind: '::1' }, mark()).published_ports, ['[::1]:2221:22/tcp'])
})

it('gives accounts of neighbouring ports different user ids, all in the range of people', () => {
  const ids = [1, 2221, 2222, 39_999, 40_000, 65_535].map(accountUid)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.ok(id >= 1000 && id < 60_000, String(id))
})

it('allows socket families one by one: seccomp compares 64 bits, of which the kernel reads 32', () => {
  const { syscalls } = JSON.parse(SECCOMP_PROFILE)
  const socket = syscalls.filter(({ names }: { names: string[] }) =>
    names.some((name) => ['socket', 'socketpair'].includes(name)),
  )
  assert.ok(socket.length > 1)
  for (const { args } of socket) assert.equal(args[0].op, 'SCMP_CMP_EQ')
})

it('sets a runtime for Docker and Ansible only if the pool names one', () => {
  const named = { ...spec, runtime: 'runsc' }
  assert.equal(createOptions(named, mark()).HostConfig.Runtime, 'runsc')
  assert.equal(ansibleParameters(named, mark()).runtime, 'runsc')
  assert.equal('Runtime' in createOptions(spec, mark()).HostConfig, false)
})

it('limits the disk for Docker and Ansible only if the pool does', () => {
  const limited = { ...spec, disk: 5 * 2 ** 30 }
  assert.deepEqual(createOptions(limited, mark()).HostConfig.StorageOpt, { size: '5368709120' })
  assert.deepEqual(ansibleParameters(limited, mark()).storage_opts, { size: '5368709120' })
  assert.equal('StorageOpt' in createOptions(spec, mark()).HostConfig, false)
})

it('names the container for Docker so that no two instances make the same name', () => {
  const names = [
    { instance: 'berth', name: 'alpine-1' },
    { instance: 'a', name: 'b-c-1' },
    { instance: 'a-b', name: 'c-1' },
  ].map((one) => ansibleParameters({ ...spec, ...one }, mark()).name)
  assert.deepEqual(names, ['alpine-1', 'a.b-c-1', 'a-b.c-1'])
})

it('has no name server with reach: none', () => {
  const cut = { ...spec, reach: 'none' } as const
  assert.deepEqual(createOptions(cut, mark()).HostConfig.Dns, ['127.0.0.1'])
  assert.deepEqual(createOptions(cut, mark()).HostConfig.DnsOptions, ['timeout:1', 'attempts:1', 'ndots:off'])
  const { dns_servers, dns_opts } = ansibleParameters(cut, mark())
  assert.deepEqual(
    { dns_servers, dns_opts },
    { dns_servers: ['127.0.0.1'], dns_opts: ['timeout:1', 'attempts:1', 'ndots:off'] },
  )
})

it('keeps tenants apart on the network', () => {
  assert.deepEqual(ansibleNetworkParameters('berth', 'none'), {
    name: 'berth-berth-none',
    driver: 'bridge',
    driver_options: {
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.name': bridgeName('berth', 'none'),
    },
    labels: { 'berth.instance': 'berth' },
  })
})

it('gives each network an interface name of its own that fits into 15 characters', () => {
  const instances = ['berth', 'x', 'a-name-of-thirty-one-characters', 'a-name-of-thirty-one-characterz']
  const names = instances.flatMap((instance) => REACHES.map((reach) => bridgeName(instance, reach)))
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^berth[0-9a-f]{8}[ina]$/)
})

it('publishes no port, and sets no user id, without a port', () => {
  const { port: _, ...unpublished } = spec
  const { Env, HostConfig } = createOptions(unpublished, mark())
  assert.deepEqual([Env, HostConfig.PortBindings], [[], {}])
})
