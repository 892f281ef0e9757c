/**
 * A machine beyond this one, made of a network namespace: the outside world, and what clouds have at a link-local
 * address.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** This machine as its neighbour knows it: of TEST-NET-3, for documentation, nobody's. */
export const THIS_HOST = '203.0.113.1'
/** The neighbour's network namespace. */
export const NEIGHBOUR = `berth${process.pid}`

/** Says hello to everybody, on the ports that it is given. */
const LISTENER = `
for (const port of process.argv.slice(1)) {
  require('node:net').createServer((s) => s.on('error', () => {}).end('hello')).listen(Number(port), '0.0.0.0')
}
process.stdout.write('listening')
`

/** Gives the stop. This machine routes the addresses there, whoever else may have them, until then. */
export async function openNeighbour(
  addresses: readonly string[],
  ports: readonly number[],
): Promise<() => Promise<void>> {
  const name = NEIGHBOUR
  const [here, there] = [`bt${process.pid}a`, `bt${process.pid}b`]
  const ip = (...args: string[]) => run('ip', args)
  const inside = (...args: string[]) => run('ip', ['-netns', name, ...args])
  await ip('netns', 'add', name)
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
  await ip('address', 'add', `${THIS_HOST}/30`, 'dev', here)
  await ip('link', 'set', here, 'up')
  await inside('address', 'add', '203.0.113.2/30', 'dev', there)
  await inside('link', 'set', there, 'up')
  await inside('link', 'set', 'lo', 'up')
  await inside('route', 'add', 'default', 'via', THIS_HOST)
  for (const address of addresses) {
    await inside('address', 'add', `${address}/32`, 'dev', 'lo')
    await ip('route', 'add', `${address}/32`, 'via', '203.0.113.2', 'dev', here)
  }
  const command = ['netns', 'exec', name, process.execPath, '-e', LISTENER, ...ports.map(String)]
  const listener = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(listener.stdout, 'data')
  listener.unref()
  listener.stdout.destroy()
  return async () => {
    listener.kill('SIGKILL')
    // The pair of interfaces goes with its half, and the routes with them.
    await ip('link', 'delete', here)
    await ip('netns', 'delete', name)
  }
}
