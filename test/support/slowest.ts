/**
 * A reporter for `node --test`: the ten tests that took longest, at the end. A suite is as long as its tests; they
 * count.
 */
import type { TestEvent } from 'node:test/reporters'

const MOST = 10

interface Timed {
  readonly name: string
  readonly file: string
  readonly ms: number
}

// biome-ignore lint/style/noDefaultExport: node loads a reporter by that
export default async function* slowest(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const all: Timed[] = []
  for await (const { type, data } of source) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue
    all.push({ name: data.name, file: data.file?.replace(/^.*\/test\//, '') ?? '', ms: data.details.duration_ms })
  }
  all.sort((a, b) => b.ms - a.ms)
  yield `\nslowest of ${all.length} tests:\n`
  for (const { name, file, ms } of all.slice(0, MOST))
    yield `${(ms / 1000).toFixed(1).padStart(7)} s  ${file}: ${name}\n`
}
