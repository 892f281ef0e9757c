/** The contract of every engine for commands on terminals. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec } from '../../src/domain/container.ts'
import type { Shell, ShellRequest } from '../../src/ports/shell.ts'
import { eventually } from '../../lab/eventually.ts'
import type { EngineFixture } from './engine.ts'

/** Collects the output of a shell. */
function follow({ stream }: Shell) {
  const seen = { text: '', bytes: 0 }
  stream.on('data', (chunk: Buffer) => {
    seen.bytes += chunk.length
    seen.text = (seen.text + chunk.toString()).slice(-10_000)
  })
  return {
    seen,
    /** Types a line, and waits until the output since then matches. */
    async type(line: string, expected: RegExp): Promise<void> {
      // Its prompt comes first: a shell that starts may discard what was typed before.
      await eventually(async () => seen.bytes > 0)
      seen.text = ''
      stream.write(`${line}\r`)
      await eventually(async () => expected.test(seen.text))
    },
  }
}

export function shellContract(
  fixture: EngineFixture,
  started: (changes?: Partial<ContainerSpec>) => Promise<string>,
): void {
  const { engine } = fixture

  async function open(some: Partial<ShellRequest> = {}): Promise<{ id: string; user: string; shell: Shell }> {
    const id = await started()
    const user = await fixture.account(id)
    const size = { cols: 97, rows: 31 }
    const shell = await engine.shell(id, { user, command: ['/bin/sh'], size, timeoutMs: 10_000, ...some })
    return { id, user, shell }
  }

  describe('shells', () => {
    it('run as the account on a terminal of the requested size, and can be resized', async () => {
      const { user, shell } = await open()
      const { seen, type } = follow(shell)
      await type('whoami', new RegExp(`\n${user}\r`))
      await type('stty size', /\n31 97\r/)
      await shell.resize({ cols: 120, rows: 40 })
      // Kubernetes confirms no resize, and may type first.
      await eventually(async () => {
        shell.stream.write('stty size\r')
        await sleep(100)
        return /\n40 120\r/.test(seen.text)
      })
      shell.close()
      assert.equal(await shell.ended, null)
    })

    it('end with their exit code; resizing does nothing afterwards', async () => {
      const { shell } = await open()
      follow(shell)
      shell.stream.write('exit 3\r')
      assert.equal(await shell.ended, 3)
      await shell.resize({ cols: 10, rows: 10 })
    })

    it('end at once when the container is killed', async () => {
      const { id, user, shell } = await open()
      const { type } = follow(shell)
      await type('whoami', new RegExp(user))
      const begin = performance.now()
      const killed = engine.kill(id)
      await shell.ended
      assert.ok(performance.now() - begin < (fixture.deadWithinMs ?? 1_000), `${performance.now() - begin} ms`)
      await killed
    })

    it('block while their output is not read, and continue when it is', async () => {
      const { shell } = await open()
      const { seen, type } = follow(shell)
      await type('yes', /y\r\ny\r\n/)
      shell.stream.pause()
      await sleep(300)
      const paused = seen.bytes
      const { rss } = process.memoryUsage()
      await sleep(1_000)
      assert.equal(seen.bytes, paused)
      assert.ok(process.memoryUsage().rss - rss < 50 * 1024 * 1024)
      shell.stream.resume()
      await eventually(async () => seen.bytes > paused + 1_000_000)
      shell.stream.write('\x03')
      await eventually(async () => seen.text.endsWith('$ '))
      shell.close()
    })

    it('never run as root, or under a name that no account can have', async () => {
      const id = await started()
      const size = { cols: 80, rows: 24 }
      for (const user of ['root', '0', '0:0', ''])
        await assert.rejects(engine.shell(id, { user, command: ['/bin/sh'], size, timeoutMs: 5_000 }), {
          code: 'engine_failed',
        })
    })

    it('do not start in a container that is down', async () => {
      const id = await started()
      await engine.kill(id)
      const request = { user: 'alice', command: ['/bin/sh'], size: { cols: 80, rows: 24 }, timeoutMs: 5_000 }
      await assert.rejects(engine.shell(id, request), { code: 'guest_failed' })
    })
  })
}
