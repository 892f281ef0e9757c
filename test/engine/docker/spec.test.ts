import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { type ContainerSpec, REACHES } from '../../../src/core/container.ts'
import { ansibleNetworkParameters, ansibleParameters } from '../../../src/engine/docker/ansible-parameters.ts'
import { bridgeName } from '../../../src/engine/docker/network-spec.ts'
import { createOptions } from '../../../src/engine/docker/spec.ts'
import { SPEC_FORMAT } from '../../../src/engine/labels.ts'

const spec: ContainerSpec = {
  instance: 'berth',
  pool: 'alpine',
  name: 'alpine-1',
  generation: null,
  image: 'berth/alpine',
  bind: '127.0.0.1',
  port: 2221,
  memory: 512 * 1024 * 1024,
  cpus: 1.5,
  pids: 256,
  sudo: true,
  reach: 'internet',
  runtime: null,
}

it('makes a container of another kind only under another SPEC_FORMAT', () => {
  const options = [true, false].map((sudo) => ({ ...createOptions({ ...spec, sudo }), Labels: {} }))
  const digest = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)
  // When this fails: raise SPEC_FORMAT, so that running containers are replaced, and write the new pair here.
  assert.deepEqual({ SPEC_FORMAT, digest }, { SPEC_FORMAT: 3, digest: '15cc9605f6a6941e' })
})

it('says the same to Ansible', () => {
  const { labels, capabilities, ...rest } = ansibleParameters(spec)
  const options = createOptions(spec)
  assert.deepEqual(labels, options.Labels)
  assert.deepEqual(capabilities, options.HostConfig.CapAdd)
  assert.deepEqual(rest, {
    name: 'alpine-1',
    hostname: 'alpine-1',
    image: 'berth/alpine',
    interactive: true,
    detach: true,
    init: true,
    network_mode: 'berth-berth-internet',
    dns_servers: [],
    dns_opts: [],
    published_ports: ['127.0.0.1:2221:22/tcp'],
    restart_policy: 'unless-stopped',
    memory: '536870912',
    memory_swap: '536870912',
    cpus: 1.5,
    pids_limit: 256,
    cap_drop: ['ALL'],
    security_opts: [],
    log_driver: 'json-file',
    log_options: { 'max-size': '1m', 'max-file': '1' },
  })
})

it('lets nobody gain privileges where there is no sudo', () => {
  assert.deepEqual(createOptions({ ...spec, sudo: false }).HostConfig.SecurityOpt, ['no-new-privileges'])
})

it('writes IPv6 addresses as Ansible wants them', () => {
  assert.deepEqual(ansibleParameters({ ...spec, bind: '::1' }).published_ports, ['[::1]:2221:22/tcp'])
})

it('says a runtime to Docker and to Ansible only where a pool names one', () => {
  const named = { ...spec, runtime: 'runsc' }
  assert.equal(createOptions(named).HostConfig.Runtime, 'runsc')
  assert.equal(ansibleParameters(named).runtime, 'runsc')
  assert.equal('Runtime' in createOptions(spec).HostConfig, false)
})

it('lets nobody ask the host for names where nothing is to be reached', () => {
  const cut = { ...spec, reach: 'none' } as const
  assert.deepEqual(createOptions(cut).HostConfig.Dns, ['127.0.0.1'])
  assert.deepEqual(createOptions(cut).HostConfig.DnsOptions, ['timeout:1', 'attempts:1'])
  const { dns_servers, dns_opts } = ansibleParameters(cut)
  assert.deepEqual({ dns_servers, dns_opts }, { dns_servers: ['127.0.0.1'], dns_opts: ['timeout:1', 'attempts:1'] })
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

it('gives each network an interface that Linux has room for, and no two the same', () => {
  const instances = ['berth', 'x', 'a-name-of-thirty-one-characters', 'a-name-of-thirty-one-characterz']
  const names = instances.flatMap((instance) => REACHES.map((reach) => bridgeName(instance, reach)))
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^berth[0-9a-f]{8}[ina]$/)
})
