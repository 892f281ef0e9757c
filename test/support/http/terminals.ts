/** Terminals of a real manager, as their owner uses them. */
import assert from 'node:assert/strict'
import { docker } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import type { TestManager } from '../../../lab/manager.ts'
import { TerminalViewer, type ViewerOptions } from './terminal-client.ts'

export const TERMINAL_SIZE = { cols: 97, rows: 31 }

export interface MadeTerminal {
  readonly id: string
  readonly ticket: string
  readonly persistent: boolean
}

export function terminalsOf(manager: TestManager) {
  const address = manager.url

  async function send<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { ...(body && { 'content-type': 'application/json' }) }
    const answer = await fetch(address + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }

  async function attach(made: Pick<ViewerOptions, 'id' | 'ticket'>): Promise<TerminalViewer> {
    const viewer = new TerminalViewer({ address, id: made.id, ticket: made.ticket })
    await viewer.attached()
    return viewer
  }

  /** Attaches one more viewer. */
  async function again(id: string): Promise<TerminalViewer> {
    const { ticket } = await send<{ ticket: string }>('POST', `/v1/terminals/${id}/tickets`)
    return attach({ id, ticket })
  }

  return {
    send,
    attach,
    again,
    /** Waits until a viewer can attach again. Asserts that the shell is the one in which X was set to "kept". */
    untilAttachedAgain: (id: string) =>
      eventually(async () => {
        const viewer = await again(id)
        const { lost } = await viewer.saw('attached')
        assert.equal(lost, false)
        await viewer.run('echo "still $X"', /still kept/)
        return true
      }),
    /** Reserves a container. */
    async reserve(pool = manager.pool): Promise<{ id: string; name: string }> {
      await eventually(async () => {
        const path = `/v1/containers?pool=${pool}`
        const { containers } = (await manager.get<{ containers: { state: string }[] }>(path)).body
        return containers.some(({ state }) => state === 'ready')
      })
      const body = { pool, username: 'alice', duration: '30m' }
      const made = await send<{ id: string; containers: { name: string }[] }>('POST', '/v1/reservations', body)
      return { id: made.id, name: made.containers[0]?.name ?? '' }
    },
    release: (id: string) => send('DELETE', `/v1/reservations/${id}`),
    create: (name: string) => send<MadeTerminal>('POST', `/v1/containers/${name}/terminals`, TERMINAL_SIZE),
    async list(): Promise<MadeTerminal[]> {
      return (await send<{ terminals: MadeTerminal[] }>('GET', '/v1/terminals')).terminals
    },
    /** Returns the command lines in a container. */
    processesOf: (name: string) => docker('top', `${manager.instance}.${name}`, '-eo', 'pid,args'),
  }
}
