/**
 * Images as users bring them: `berth/box` with an sshd of their own, each with something that Berth has to notice.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { docker } from '../../../lab/docker.ts'

/** Ends every command: sshd in the foreground, with a host key made at the start. */
const SSHD =
  "mkdir -p /run/sshd; [ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; exec /usr/sbin/sshd -D -e"

/** Users and host keys that come with the image; the only layer that is built. */
const BASE = [
  'FROM berth/box',
  "RUN mkdir /keys && ssh-keygen -q -t ed25519 -N '' -f /keys/ssh_host_ed25519_key" +
    ' && useradd -m -s /bin/bash student && useradd -m -s /bin/bash -G sudo teacher',
  'LABEL berth.listens=',
  'ENTRYPOINT []',
]

export interface OwnImages {
  /** Builds (or builds anew) an image that runs this shell script before its sshd. */
  running(name: string, script: string, ...lines: readonly string[]): Promise<string>
  /** The same with a command of its own, in Docker's JSON form. */
  starting(name: string, command: readonly string[], ...lines: readonly string[]): Promise<string>
}

/** Removed after the file's tests. */
export async function ownImages(): Promise<OwnImages> {
  const repository = `berth-test-${randomBytes(4).toString('hex')}`
  const tags = new Set<string>()
  const build = async (name: string, lines: readonly string[]) => {
    const tag = `${repository}:${name}`
    tags.add(tag)
    await buildImage(tag, lines)
    return tag
  }
  after(async () => {
    await docker('rmi', '--force', ...[...tags].toReversed())
  })
  const base = await build('base', BASE)
  const starting: OwnImages['starting'] = (name, command, ...lines) =>
    build(name, [`FROM ${base}`, ...lines, `CMD ${JSON.stringify(command)}`])
  return {
    starting,
    running: (name, script, ...lines) => starting(name, ['/bin/sh', '-c', `${script}\n${SSHD}`], ...lines),
  }
}

async function buildImage(tag: string, lines: readonly string[]): Promise<void> {
  const child = spawn('docker', ['build', '--quiet', '--tag', tag, '-'], {
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdin.end(`${lines.join('\n')}\n`)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${tag} could not be built: ${said}`)
}
