/**
 * Loaded into a manager's process beside it (`node --import`): counts, from the first SIGUSR2 on, each statement that
 * goes to SQLite, each request that goes to Docker and each answer that comes back (of a command in a container, each
 * piece), and ends the process by SIGKILL at the one that DYING names ("answer 7"). At the second SIGUSR2 it tells
 * how many there were. Transactions are cut in the middle.
 */
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { Duplex } from 'node:stream'
import { StatementSync } from 'node:sqlite'

const [kind, number] = (process.env['DYING'] ?? '').split(' ')
const counted: Record<string, number> = { statement: 0, request: 0, answer: 0 }
let armed = false

process.on('SIGUSR2', () => {
  process.stderr.write(armed ? `counted ${JSON.stringify(counted)}\n` : 'armed\n')
  armed = true
})

function count(what: string): void {
  if (!armed) return
  counted[what] = (counted[what] ?? 0) + 1
  if (what === kind && counted[what] === Number(number)) process.kill(process.pid, 'SIGKILL')
}

for (const verb of ['all', 'get', 'iterate', 'run'] as const) {
  const original: (...args: never[]) => unknown = Reflect.get(StatementSync.prototype, verb)
  Reflect.set(StatementSync.prototype, verb, function (this: StatementSync, ...args: never[]) {
    count('statement')
    return Reflect.apply(original, this, args)
  })
}

const { request } = http
http.request = ((...args: Parameters<typeof request>) => {
  count('request')
  return request(...args)
    .once('response', () => count('answer'))
    .once('upgrade', (_, socket) => {
      count('answer')
      countConversation(socket)
    })
}) as typeof request
// For those who import it by its name.
syncBuiltinESMExports()

/** Of a command that runs in a container: what is written to it, and what it says. */
function countConversation(socket: Duplex): void {
  for (const verb of ['_write', '_writev'] as const) {
    const original = Reflect.get(socket, verb) as (...args: never[]) => unknown
    Reflect.set(socket, verb, (...args: never[]) => {
      count('request')
      return Reflect.apply(original, socket, args)
    })
  }
  socket.on('data', () => count('answer'))
}
