import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { WebSocket as NodeWebSocket } from 'ws'
import { listening } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'
import { pool } from '../../../lab/rows.ts'
import { TerminalLink, type TerminalScreen } from '../../../web/src/terminal/connection/link.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const SIZE = { cols: 80, rows: 24 }

const api = await openTokenApi({ pools: [pool({ name: 'alpine', size: 1 })] })
const { address } = await listening(api)
const ann = await api.give('ann')

/** As in a page of the manager: Node's own WebSocket has no Origin. */
class PageWebSocket extends NodeWebSocket {
  constructor(url: URL, protocols: string[]) {
    super(url, protocols, { headers: { origin: address } })
  }
}

async function ask(method: string, path: string, body?: object) {
  const headers = { ...ann.headers, ...(body && { 'content-type': 'application/json' }) }
  const answer = await fetch(address + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return (await answer.json()) as { id: string; ticket: string; terminals: { id: string; viewers: number }[] }
}

await ask('POST', '/v1/reservations', { username: 'ann' })

function openLink() {
  const decoder = new TextDecoder()
  const seen = { text: '', shells: [] as string[], states: [] as string[] }
  const show = (bytes: Uint8Array) => {
    seen.text += decoder.decode(bytes)
  }
  const screen: TerminalScreen = {
    size: SIZE,
    leads: true,
    write: (bytes, done) => {
      show(bytes)
      done()
    },
    replay: show,
    note: () => undefined,
    scrollAway: () => undefined,
    clear: () => {
      seen.text = ''
    },
    adopt: () => undefined,
  }
  const link = new TerminalLink({
    api: {
      create: (container, size) => ask('POST', `/v1/containers/${container}/terminals`, size),
      ticket: async (id) => (await ask('POST', `/v1/terminals/${id}/tickets`)).ticket,
    },
    screen,
    origin: address,
    container: 'alpine-1',
    terminal: null,
    onShell: (id) => void seen.shells.push(id),
    refusalOf: () => null,
  })
  link.subscribe(() => void seen.states.push(link.state.kind))
  link.start()
  return { link, seen }
}

const viewersOf = async (id: string | undefined) =>
  (await ask('GET', '/v1/terminals')).terminals.find((terminal) => terminal.id === id)?.viewers

describe('another shell in the place of a terminal', () => {
  const { WebSocket: original } = globalThis
  Object.assign(globalThis, { WebSocket: PageWebSocket })
  after(() => Object.assign(globalThis, { WebSocket: original }))

  it('detaches from the earlier one, whose output no longer appears', async () => {
    const { link, seen } = openLink()
    await eventually(async () => link.state.kind === 'attached' && seen.text.includes('$ '))
    link.send(new TextEncoder().encode('yes\r'))
    await eventually(async () => seen.text.includes('y\r\n'))
    link.renew()
    await eventually(async () => link.state.kind === 'attached' && seen.text.includes('$ '))
    const [first, second] = seen.shells
    await eventually(async () => (await viewersOf(first)) === 0)
    assert.equal(await viewersOf(second), 1)
    assert.ok(!seen.text.includes('y\r\n'))
    link.close()
  })

  it('opens once, although the connection of the earlier one is still closing', async () => {
    const { link, seen } = openLink()
    await eventually(async () => link.state.kind === 'attached')
    const unsubscribe = link.subscribe(() => {
      if (link.state.kind !== 'ended') return
      unsubscribe()
      link.renew()
    })
    link.send(new TextEncoder().encode('exit\r'))
    await eventually(async () => link.state.kind === 'attached' && seen.shells.length > 1)
    assert.deepEqual(seen.states, ['attached', 'ended', 'connecting', 'attached'])
    assert.equal(seen.shells.length, 2)
    link.close()
  })
})
