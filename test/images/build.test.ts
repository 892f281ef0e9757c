/** What `images/build` leaves behind when a build fails or is interrupted, and what it says then. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'

const exec = promisify(execFile)
const BUILD = fileURLToPath(new URL('../../images/build', import.meta.url))
const own = `berth/test-${process.pid}-${randomBytes(3).toString('hex')}`
const folder = mkdtempSync(join(tmpdir(), 'berth-build-'))

after(async () => {
  rmSync(folder, { recursive: true })
  const mine = await dockerLines('image', 'ls', '--quiet', '--filter', `label=berth.test=${own}`)
  if (mine.length > 0) await docker('image', 'rm', '--force', ...new Set(mine))
})

/** Makes a base that no image can be built on: it seems to lack the packages, and its package manager runs `apt`. */
async function brokenBase(name: string, apt: string): Promise<string> {
  const base = `${own}-base:${name}`
  const program = `printf '#!/bin/sh\\n${apt}\\n' >/usr/bin/apt-get`
  const dockerfile = join(folder, 'Dockerfile')
  writeFileSync(dockerfile, `FROM berth/box\nLABEL berth.test=${own}\nRUN ${program}; rm -f /sbin/apk /usr/bin/dpkg\n`)
  await docker('build', '--quiet', '--tag', base, '--file', dockerfile, folder)
  return base
}

/** Images and containers that are made of our bases: layers inherit the label. */
async function remains(): Promise<string[]> {
  const [images, containers] = await Promise.all([
    dockerLines('image', 'ls', '--all', '--filter', `label=berth.test=${own}`, '--format', '{{.Repository}} {{.ID}}'),
    dockerLines('ps', '--all', '--filter', `label=berth.test=${own}`, '--format', '{{.ID}}'),
  ])
  // The layers of the bases themselves, and their names.
  const kept = new Set<string>()
  for (const line of images.filter((each) => each.startsWith(own))) {
    for (const id of await dockerLines('history', '--quiet', line.split(' ')[1] ?? '')) kept.add(id)
  }
  const layers = images.map((line) => line.split(' ')[1] ?? '').filter((id) => !kept.has(id))
  return [...layers, ...containers]
}

function environment(base: string): NodeJS.ProcessEnv {
  return { ...process.env, BERTH_BASE: base, TMPDIR: folder }
}

async function failed(base: string): Promise<string> {
  const error: unknown = await exec(BUILD, [`${own}:never`], { env: environment(base) }).catch(
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Error && 'stderr' in error, 'the build has failed')
  return String(error.stderr)
}

describe('a build on a pinned base', () => {
  const name = `${own}:pinned`
  const build = async (...args: string[]) => (await exec(BUILD, [...args, name])).stdout.trim()
  after(() => docker('image', 'rm', '--force', name))

  it('is made once, and again when the pin has changed', async () => {
    const states = [await build('--check', '--base', 'berth/box'), await build('--base', 'berth/box')]
    assert.deepEqual(states, ['stale', 'built'])
    assert.equal(await docker('inspect', '--format', '{{index .Config.Labels "berth.base"}}', name), 'berth/box')
    assert.equal(await build('--base', 'berth/box'), 'current')
    assert.equal(await build('--check'), 'current', 'any base will do without a pin')
    assert.equal(await build('--check', '--base', 'debian:12'), 'stale')
  })
})

describe('a build that does not succeed', () => {
  it('names its base and the way out, and leaves no container, layer or file behind', async () => {
    const base = await brokenBase('failing', 'exit 7')
    const said = await failed(base)
    assert.match(said, new RegExp(`could not be built from ${base}; .* BERTH_BASE names another base`))
    assert.deepEqual(await remains(), [])
    assert.deepEqual(readdirSync(folder), ['Dockerfile'])
  })

  it('would leave a container or a layer behind without that care', async () => {
    const base = await brokenBase('careless', 'exit 7')
    const images = fileURLToPath(new URL('../../images', import.meta.url))
    await assert.rejects(
      exec('docker', ['build', '--rm=false', '--build-arg', `BASE=${base}`, images], {
        env: { ...process.env, DOCKER_BUILDKIT: '0' },
      }),
    )
    const left = await remains()
    assert.ok(left.length > 0)
    const containers = await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.test=${own}`)
    if (containers.length > 0) await docker('rm', '--force', ...containers)
    for (const layer of await remains()) await docker('image', 'rm', layer)
  })

  it('leaves nothing behind when it is interrupted', async () => {
    const base = await brokenBase('slow', 'sleep 300')
    const child = spawn(BUILD, [`${own}:never`], { env: environment(base), stdio: 'ignore' })
    const running = () => dockerLines('ps', '--quiet', '--filter', `label=berth.test=${own}`)
    await eventually(async () => (await running()).length > 0)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [143, null])
    await eventually(async () => (await remains()).length === 0)
    assert.deepEqual(readdirSync(folder), ['Dockerfile'])
  })

  it('says what to do when its base is nowhere', async () => {
    const said = await failed('localhost:1/no/such:base')
    assert.match(
      said,
      /BERTH_BASE names localhost:1\/no\/such:base, which Docker neither has nor can pull\. Name an image/,
    )
  })
})
