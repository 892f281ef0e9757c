/** How many requests are answered in a second. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BareRoute } from '../servers/bare-server.ts'
import type { Group } from '../session.ts'
import { fillDatabase } from '../servers/many-rows.ts'
import { inTurn, median, series, startAfresh } from '../measuring.ts'
import type { Entry, Figure } from '../report.ts'
import { answersPerSecond, recorded, startBare, startFull } from '../servers/servers.ts'

const SIZE = 10
const HELD = 3
const MANY = 10_000
const MANY_HELD = 5_000
const ROUNDS = 15
const WARM_UP = 2
/** Lists of thousands may take 1.2 times as long as serialising them. */
const OF_SERIALISING = 1 / 1.2
const OF_A_BARE_ROUTE = 0.5
const PATHS = ['/available', '/reservations', '/v1/containers'] as const

export const http: Group = {
  name: 'http',
  about: `Answers a second to 16 connections that ask again and again, each in a process of its own beside the server's. The limit with
${SIZE} containers, ${HELD} of them reserved, is a bare fastify route that sends the same bytes and headers; with ${MANY.toLocaleString('en')}, half of them
reserved, one that serialises the same object for each answer. The ${SIZE} are real, with the manager at its work and its log in a file; the ${MANY.toLocaleString('en')} are rows.`,
  async *measure(lab) {
    for (const log of ['error', 'info']) {
      await using pool = lab.openPool({ size: SIZE, top: { log } })
      // A reader of the log would take processor time from the server.
      await pool.fill(join(pool.manager.folder, 'manager.log'))
      await pool.manager.reserve({ username: 'alice', count: HELD })
      for (const path of PATHS)
        yield* compare(pool.manager.url, path, { of: `${SIZE} containers, \`log: ${log}\``, serialises: false })
    }
    const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
    try {
      const file = join(folder, 'many.db')
      await fillDatabase(file, MANY, MANY_HELD)
      await using server = await startFull(file, MANY)
      const of = `${MANY.toLocaleString('en')} containers`
      for (const path of PATHS) yield* compare(server.url, path, { of, serialises: true })
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function* compare(
  url: string,
  path: string,
  { of, serialises }: { readonly of: string; readonly serialises: boolean },
): AsyncGenerator<Entry> {
  const answer = await recorded(url + path)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
  const what = serialises ? 'serialising and sending the same' : 'a bare route with the same bytes'
  yield { what: `\`GET ${path}\`, ${of}`, ...(await rates(url, { ...answer, serialises }, what)) }

  const unchanged = `\`GET ${path}\`, ${of}, unchanged: 304`
  const { etag } = answer.headers
  if (etag === undefined) return yield { what: unchanged, remark: 'the answer has no ETag' }
  const headers = { 'if-none-match': etag }
  const second = await recorded(url + path, headers)
  // Of real reservations the minutes are shown that they have left, and those change every six seconds.
  if (second.status !== 304) return yield { what: unchanged, remark: 'not measured: the answer changes meanwhile' }
  const limit = 'a bare route with the same headers'
  yield { what: unchanged, ...(await rates(url, { ...second, serialises: false }, limit, headers)) }
}

/**
 * Ours and a bare one in turns of a second: whatever else the machine does, and however its speed changes, both have
 * their share of it.
 */
async function rates(
  url: string,
  route: BareRoute,
  what: string,
  headers: Record<string, string> = {},
): Promise<Omit<Figure, 'what'>> {
  await using bare = await startBare([route])
  const took = series('ours', 'bare')
  await inTurn(WARM_UP + ROUNDS, async (round) => {
    if (round === WARM_UP) startAfresh(took)
    took.ours.push(await answersPerSecond(url + route.path, headers, route.status))
    took.bare.push(await answersPerSecond(bare.url + route.path, {}, route.status))
  })
  return {
    value: median(took.ours),
    unit: '/s',
    how: `median of ${ROUNDS}`,
    limit: { what, value: median(took.bare), unit: '/s' },
    target: { of: 'limit', is: 'at least', than: route.serialises ? OF_SERIALISING : OF_A_BARE_ROUTE },
  }
}
