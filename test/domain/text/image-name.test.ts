import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isImageName } from '../../../src/domain/text/image-name.ts'

const DIGEST = `sha256:${'0f'.repeat(32)}`

describe('isImageName', () => {
  it('accepts what Docker and Kubernetes accept', () => {
    for (const name of [
      'debian',
      'debian:12',
      'berth/box:latest',
      'lab/my__box/a-b.c--d:V1_2.3-rc',
      'localhost:5000/box',
      'registry.example.org/lab/box:1.2',
      'Registry.example.org:443/box',
      '[2001:db8::1]:5000/box:1',
      `registry.example.org/box@${DIGEST}`,
      `box:1@${DIGEST}`,
      DIGEST,
    ])
      assert.ok(isImageName(name), name)
  })

  it('refuses what they refuse', () => {
    for (const name of [
      '',
      'Debian',
      'debian 12',
      ' debian',
      'debian\n',
      'debian:',
      'debian:12:13',
      `debian:${'v'.repeat(129)}`,
      '-debian',
      'debian-',
      'a___b',
      'lab//box',
      '/box',
      'box/',
      'registry..example.org/box',
      'registry-.example.org/box',
      'https://registry.example.org/box',
      'box@sha256:12',
      `box@sha256:${'x'.repeat(64)}`,
    ])
      assert.ok(!isImageName(name), name)
  })

  it('decides about a long text at once', () => {
    const began = performance.now()
    assert.ok(!isImageName(`${'a-'.repeat(50_000)}!`))
    assert.ok(performance.now() - began < 1_000)
  })
})
