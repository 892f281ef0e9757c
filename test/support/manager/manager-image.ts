/** Builds the image of deploy/docker without an image registry. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../../../lab/docker.ts'
import { ROOT } from '../text/markdown.ts'

const NODE = 'berth/node:test'
const MANAGER = 'berth/manager:test'

/**
 * Builds the image, and returns its id, which a build in another checkout does not change. The image stays on the
 * engine, so that the next build finds the layer of the modules. They are installed in an image with npm and its
 * settings from this machine. The manager runs on the pool's image, or on Debian if that is Alpine.
 */
export async function buildManagerImage(): Promise<string> {
  const box = await docker('image', 'inspect', '--format', '{{index .Config.Labels "berth.base"}}', 'berth/box')
  const base = box.startsWith('alpine') ? 'debian:12-slim' : 'berth/box'
  const previous = (await docker('image', 'ls', '--quiet', '--no-trunc', MANAGER)) || null
  const folder = mkdtempSync(join(tmpdir(), 'berth-node-'))
  try {
    writeNodeImage(folder, base)
    build(NODE, [], folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
  build(
    MANAGER,
    ['--build-arg', `NODE=${NODE}`, '--build-arg', `BASE=${base}`, '--file', 'deploy/docker/Dockerfile'],
    ROOT,
  )
  const current = await docker('image', 'ls', '--quiet', '--no-trunc', MANAGER)
  // Docker refuses to remove an image that a test in another checkout uses.
  if (previous !== null && previous !== current) await docker('image', 'rm', previous).catch(() => undefined)
  return current
}

function writeNodeImage(folder: string, base: string): void {
  const npm = (...args: string[]) => execFileSync('npm', args, { encoding: 'utf8' }).trim()
  cpSync(process.execPath, join(folder, 'node'))
  npm(
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--prefix',
    folder,
    `npm@${npm('--version')}`,
  )
  writeFileSync(join(folder, 'npmrc'), `registry=${npm('config', 'get', 'registry')}\n`)
  const authority = process.env['NODE_EXTRA_CA_CERTS']
  writeFileSync(join(folder, 'ca.pem'), authority === undefined ? '' : readFileSync(authority))
  const lines = [
    `FROM ${base}`,
    'COPY node /usr/local/bin/node',
    'COPY node_modules/npm /usr/local/lib/node_modules/npm',
    'COPY npmrc ca.pem /usr/local/etc/',
    'ENV NODE_EXTRA_CA_CERTS=/usr/local/etc/ca.pem',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
  ]
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`)
}

/** Builds with BuildKit if the client has it, as images/build does. */
function build(tag: string, args: readonly string[], context: string): void {
  const hasBuildKit = spawnSync('docker', ['buildx', 'version']).status === 0
  const env = { ...process.env, DOCKER_BUILDKIT: hasBuildKit ? '1' : '0', BUILDX_BUILDER: 'default' }
  // npm's registry may be reachable only from the network of the host.
  const all = ['build', '--network', 'host', '--tag', tag, ...args, '.']
  const { status, stdout, stderr } = spawnSync('docker', all, { cwd: context, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`docker ${all.join(' ')}\n${stdout}${stderr}`)
}
