import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import type { ContainerSpec } from '../../../src/core/container.ts'
import { ansibleNetworkParameters, ansibleParameters } from '../../../src/engine/docker/ansible-parameters.ts'
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
}

it('makes a container of another kind only under another SPEC_FORMAT', () => {
  const options = [true, false].map((sudo) => ({ ...createOptions({ ...spec, sudo }), Labels: {} }))
  const digest = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)
  // When this fails: raise SPEC_FORMAT, so that running containers are replaced, and write the new pair here.
  assert.deepEqual({ SPEC_FORMAT, digest }, { SPEC_FORMAT: 1, digest: 'a68a95d041978cc8' })
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
    init: true,
    network_mode: 'berth-berth',
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

it('keeps tenants apart on the network', () => {
  assert.deepEqual(ansibleNetworkParameters('berth'), {
    name: 'berth-berth',
    driver: 'bridge',
    driver_options: { 'com.docker.network.bridge.enable_icc': 'false' },
    labels: { 'berth.instance': 'berth' },
  })
})
