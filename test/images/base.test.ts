/** The base that `images/base` chooses, with a stand-in for Docker that has some images and can pull others. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const BASE = fileURLToPath(new URL('../../images/base', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'berth-base-'))
after(() => rmSync(folder, { recursive: true }))

const release = Object.fromEntries(
  readFileSync('/etc/os-release', 'utf8')
    .split('\n')
    .map((line) => line.split('=').map((part) => part.replaceAll('"', ''))),
)
/** This machine's own release: the name of its image in a registry, and of the one that is made here. */
const OWN = `${release.ID}:${release.VERSION_ID}`
const MADE = `berth/base:${release.VERSION_CODENAME}`

interface Docker {
  /** Images that it has. */
  readonly has?: readonly string[]
  /** Images that it can pull. */
  readonly registry?: readonly string[]
}

let count = 0

function base({ has = [], registry = [] }: Docker, pin = '', env: NodeJS.ProcessEnv = {}) {
  const bin = join(folder, String(count++))
  mkdirSync(bin)
  const lists = (words: readonly string[]) => (words.length > 0 ? words.join('|') : '-')
  const cases = [
    `"image inspect "*) case $3 in ${lists(has)}) exit 0;; esac; exit 1;;`,
    `"pull -q "*) case $3 in ${lists(registry)}) exit 0;; esac; exit 1;;`,
    `"import - "*) cat >'${bin}/imported';;`,
  ]
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\ncase "$1 $2 $3" in\n${cases.join('\n')}\nesac\n`)
  chmodSync(join(bin, 'docker'), 0o755)
  const archive = join(bin, 'archive')
  writeFileSync(archive, 'made early')
  const around = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, BASE_ARCHIVE: archive, ...env }
  const { status, stdout, stderr } = spawnSync(BASE, [pin], { env: around, encoding: 'utf8' })
  const imported = existsSync(join(bin, 'imported')) ? readFileSync(join(bin, 'imported'), 'utf8') : null
  return { status, chosen: stdout.trim(), stderr, imported }
}

describe('the base of an image', () => {
  it('is Alpine without a pin, otherwise what this machine makes', () => {
    assert.equal(base({ has: ['alpine:3.22', MADE] }).chosen, 'alpine:3.22')
    assert.equal(base({ has: [MADE], registry: ['alpine:3.22'] }).chosen, MADE)
    assert.equal(base({ registry: ['alpine:3.22'] }).chosen, 'alpine:3.22')
    const { chosen, imported } = base({})
    assert.deepEqual([chosen, imported], [MADE, 'made early'])
  })

  it('is the pinned one, local or pulled', () => {
    assert.equal(base({ has: ['alpine:3.22', 'ubuntu:24.04'] }, 'ubuntu:24.04').chosen, 'ubuntu:24.04')
    assert.equal(base({ has: ['alpine:3.22'], registry: ['ubuntu:24.04'] }, 'ubuntu:24.04').chosen, 'ubuntu:24.04')
    assert.equal(base({ has: [OWN, MADE] }, OWN).chosen, OWN)
    assert.equal(base({ registry: [OWN] }, OWN).chosen, OWN)
  })

  it('is made here when the release of this machine is pinned and no registry has it', () => {
    for (const pin of [OWN, `${release.ID}:${release.VERSION_CODENAME}`, `${OWN}-slim`]) {
      const { chosen, imported } = base({ has: ['alpine:3.22'] }, pin)
      assert.deepEqual([chosen, imported], [MADE, 'made early'], pin)
    }
  })

  it('is never another than the pinned one', () => {
    const { status, chosen, stderr } = base({ has: ['alpine:3.21', OWN, MADE] }, 'alpine:3.22')
    assert.deepEqual([status, chosen], [1, ''])
    assert.match(
      stderr,
      /images of berth\.yml names alpine:3\.22, which Docker neither has nor can pull\. Name an image/,
    )
    assert.ok(
      stderr.includes(`or ${OWN}, which this machine makes from its own packages; or bring alpine:3.22`),
      stderr,
    )
  })

  it('is the one that BERTH_BASE names, whatever is pinned', () => {
    const env = { BERTH_BASE: 'ubuntu:24.04' }
    assert.equal(base({ has: ['alpine:3.22', 'ubuntu:24.04'] }, 'alpine:3.22', env).chosen, 'ubuntu:24.04')
    assert.match(base({ has: ['alpine:3.22'] }, 'alpine:3.22', env).stderr, /BERTH_BASE names ubuntu:24\.04, which/)
  })
})
