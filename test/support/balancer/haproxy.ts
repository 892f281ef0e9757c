/** haproxy with the shipped file, in which only addresses and the certificate are changed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../lab/eventually.ts'
import { reservePorts } from '../../../lab/ports.ts'
import { testTool } from '../test-tools.ts'
import { ROOT } from '../text/markdown.ts'

export const SHIPPED = readFileSync(join(ROOT, 'deploy/haproxy/haproxy.cfg'), 'utf8')

export interface Balancer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts haproxy in front of managers that serve. `folder` takes its files. */
export async function startHaproxy(folder: string, managers: readonly { readonly url: string }[]): Promise<Balancer> {
  const [port = 0] = await reservePorts(1)
  const config = managers.reduce(
    (text, { url }, nth) => text.replaceAll(`10.0.0.1${nth + 1}:8080`, new URL(url).host),
    SHIPPED.replace(/bind :443 .*/, `bind 127.0.0.1:${port}`),
  )
  assert.doesNotMatch(config, /10\.0\.0|:443/)
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, config)
  const child = spawn(testTool('haproxy'), ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    assert.equal(child.exitCode, null, output)
    return (await fetch(`${url}/readyz`)).status === 200
  })
  return { url, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
