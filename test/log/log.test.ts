/** The log of a manager. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTROLS, rawIn } from '../support/text/hostile-texts.ts'

/** The last of them have nobody to wait for. */
const LINES = 3_001
/** Together more than a pipe takes that nobody reads. */
const PADDING = 'x'.repeat(100)
/** Milliseconds of a reader who is late: a process writes all that it can meanwhile. */
const BEHIND = 500

/** A process that writes lines, and then does what it is told. */
function logging(then: string): ChildProcess & { readonly stderr: NonNullable<ChildProcess['stderr']> } {
  const program = `
    import { openLog } from '${new URL('../../src/log/log.ts', import.meta.url).href}'
    const log = openLog('info', 'json')
    for (let nth = 0; nth < ${LINES}; nth += 1) log.info('${PADDING}', { nth })
    ${then}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  assert.ok(child.stderr)
  return Object.assign(child, { stderr: child.stderr })
}

function numbersIn(lines: string): number[] {
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { nth: number }).nth)
}

const ALL = Array.from({ length: LINES }, (_, nth) => nth)

for (const [how, then] of [
  ['by itself', ''],
  ['when it is told to', 'process.exit(0)'],
  ['when it is told to later', 'setTimeout(() => process.exit(0), 100)'],
] as const) {
  test(`every line is written, in order, before the process ends ${how}, to a reader who is behind`, async () => {
    const child = logging(`process.disconnect(); ${then}`)
    await sleep(BEHIND)
    assert.deepEqual(numbersIn(await text(child.stderr)), ALL)
  })
}

test('every line is written before the error of which the process dies, and that one too, to a reader who is behind', async () => {
  const child = logging(`process.disconnect(); throw new Error('of this')`)
  await sleep(BEHIND)
  const lines = (await text(child.stderr)).split('\n')
  assert.deepEqual(numbersIn(lines.slice(0, LINES).join('\n')), ALL)
  const { level, err } = JSON.parse(lines[LINES] ?? '') as { level: string; err: { stack: string } }
  assert.equal(level, 'fatal')
  assert.match(err.stack, /of this/)
})

test('a line is written although no other comes', async () => {
  const child = logging(`setTimeout(() => log.info('alone', { nth: ${LINES} }), 100)`)
  for await (const chunk of child.stderr.setEncoding('utf8')) if (String(chunk).includes('alone')) break
  assert.equal(child.exitCode, null, 'the process goes on')
  child.disconnect()
})

test('a reader that has stopped holds nothing up, and gets all of it when it goes on', {
  timeout: 20_000,
}, async () => {
  const child = logging(`process.send('at work'); setTimeout(() => process.disconnect(), 60_000).unref()
    process.once('message', () => process.disconnect())`)
  const [said] = (await once(child, 'message')) as [string]
  assert.equal(said, 'at work')
  child.send('enough')
  assert.deepEqual(numbersIn(await text(child.stderr)), ALL)
})

for (const [whose, leave] of [
  ['has stopped', () => undefined],
  ['has gone', (child: ReturnType<typeof logging>) => child.stderr.destroy()],
] as const) {
  test(`a process whose reader ${whose} ends all the same`, { timeout: 20_000 }, async () => {
    const child = logging('process.exit(0)')
    leave(child)
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0)
    child.stderr.destroy()
  })
}

/** All that a manager whose stderr is a terminal, or is none, writes for this text. */
async function logged(foreign: string, terminal: boolean): Promise<string> {
  const program = `
    import { openLog } from '${new URL('../../src/log/log.ts', import.meta.url).href}'
    const log = openLog('info', '${terminal ? 'text' : 'json'}')
    const foreign = ${JSON.stringify(foreign)}
    log.info(foreign, { foreign, inside: { foreign } })
    log.error('failed', { reason: foreign, stack: 'Error: ' + foreign })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  return text(child.stderr)
}

test('nothing foreign in a log reaches a terminal raw, and JSON lines keep its value', async () => {
  const foreign = `begin ${CONTROLS.join(' ')} end`
  const json = await logged(foreign, false)
  assert.equal(rawIn(json), null, JSON.stringify(json))
  assert.equal((JSON.parse(json.split('\n')[0] ?? '') as { msg: string }).msg, foreign)
  const shown = await logged(foreign, true)
  assert.match(shown, /begin .* end/)
  assert.equal(rawIn(shown), null, JSON.stringify(shown))
  assert.doesNotMatch(shown, /^fake: line/m)
  assert.ok(rawIn(await logged('plain', true)) === null && (await logged('plain', true)).includes('plain'))
})
