/**
 * Loaded into a manager's process beside it (`node --import`): counts, from the first SIGUSR2 on, each statement that goes to
 * SQLite, each request that goes to Docker and each answer that comes back, and ends the process by SIGKILL at the one
 * that DYING names ("answer 7"). At the second SIGUSR2 it tells how many there were. Transactions are cut in the middle.
 */
import http from 'node:http'
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
  return request(...args).once('response', () => count('answer'))
}) as typeof request
