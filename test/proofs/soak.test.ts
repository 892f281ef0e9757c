/** `just soak`, as people run it: full churn on the real engine, and nothing is left of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dockerLines } from '../../lab/docker.ts'
import { effort, tried } from '../../lab/proof.ts'

const SOAK = fileURLToPath(new URL('../../prove/soak.ts', import.meta.url))
const MINUTES = effort({ test: 0.25, prove: 3 })
const SIZE = effort({ test: 3, prove: 6 })
const LEAKS = ['sockets', 'memory', 'containers'].slice(0, effort({ test: 0, prove: 3 }))

async function soak(...options: string[]): Promise<{ code: unknown; output: string; instance: string }> {
  const child = spawn(process.execPath, [SOAK, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, output, instance: `soak-${child.pid}` }
}

describe('a manager at full churn', () => {
  it('Files, memory, rows, containers and networks are after full use what they were before it', async (t) => {
    const { code, output, instance } = await soak('--minutes', String(MINUTES), '--size', String(SIZE))
    assert.equal(code, 0, output)
    const [, reservations, generations] = /verdict: .* after (\d+) reservations, (\d+) generations/.exec(output) ?? []
    assert.deepEqual(await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.instance=${instance}`), [])
    tried(t, Number(reservations), 'reservations')
    tried(t, Number(generations), 'containers made')
  })

  for (const leak of LEAKS) {
    it(`the soak sees ${leak} that nobody lets go of`, async () => {
      const { code, output } = await soak('--minutes', '0.5', '--size', String(SIZE), '--leak', leak)
      assert.equal(code, 1, output)
      assert.match(output, /NOT THE SAME/)
    })
  }
})
