import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { POOL, problems, read } from '../support/config.ts'

const pools = { a: POOL, b: { ...POOL, ssh_ports: '3001-3002', image: 'berth/alpine' } }

describe('the images that Berth builds', () => {
  it('are the one that the firewall needs, and those with a name of Berth in pools', () => {
    const own = { ...POOL, image: 'registry.example.org/lab' }
    assert.deepEqual(read({ pools: { a: own } }).images, [{ name: 'berth/box', base: null }])
    assert.deepEqual(
      read({ pools }).images.map(({ name }) => name),
      ['berth/box', 'berth/alpine'],
    )
  })

  it('have the base that berth.yml pins', () => {
    const images = { 'berth/box': { base: 'debian:12' }, 'berth/alpine': { base: 'registry.example.org:5000/alpine' } }
    assert.deepEqual(read({ images, pools }).images, [
      { name: 'berth/box', base: 'debian:12' },
      { name: 'berth/alpine', base: 'registry.example.org:5000/alpine' },
    ])
  })

  it('are printed for set-up, each with its pin', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-images-'))
    after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'berth.yml')
    writeFileSync(file, stringify({ images: { 'berth/alpine': { base: 'alpine:3.22' } }, pools }))
    const program = fileURLToPath(new URL('../../src/own-images.ts', import.meta.url))
    const env = { ...process.env, BERTH_CONFIG: file }
    const printed = execFileSync(process.execPath, [program], { env, encoding: 'utf8' })
    assert.equal(printed, 'berth/box \nberth/alpine alpine:3.22\n')
  })

  it('are the only ones that can be pinned', () => {
    const images = { 'berth/bxo': { base: 'debian:12' }, debian: null, 'berth/box': { bas: 'debian:12' } }
    assert.deepEqual(problems({ images, pools }), [
      'images.berth/bxo: Berth builds no image of this name for a pool; it builds berth/box, berth/alpine',
      'images.debian: Berth builds no image of this name for a pool; it builds berth/box, berth/alpine',
      'images.berth/box.bas: unknown key; did you mean "base"? allowed: base',
    ])
  })

  it('have bases that docker build cannot mistake for something else', () => {
    for (const base of ['--file=/etc/passwd', '', 12, 'a b']) {
      const [problem = '', ...more] = problems({ images: { 'berth/box': { base } }, pools })
      assert.match(problem, /^images\.berth\/box\.base: must be an image such as debian:12 or alpine:3\.22, not /)
      assert.deepEqual(more, [])
    }
  })
})
