/** Connects an element of the page with a shell while the component is mounted. */
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ApiError, type BerthClient } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import { createTerminal, terminalTicket } from '../../api/terminals.ts'
import { TerminalLink } from '../connection/link.ts'
import { FIRST, type LinkState } from '../connection/machine.ts'
import { sleepDetector } from '../connection/sleep.ts'
import type { ScreenLook } from '../screen/new-xterm.ts'
import { type ScreenEvents, XtermScreen } from '../screen/xterm-screen.ts'

/** A dragged window changes its size many times; only the last size is sent to the shell. */
const RESIZE_DEBOUNCE_MS = 80
const WAKE_CHECK_MS = 5_000

interface Wanted extends Omit<ScreenEvents, 'onInput'> {
  readonly container: string
  readonly terminal: string | null
  readonly look: ScreenLook
  readonly onShell: (terminal: string) => void
}

export interface OpenShell {
  readonly screen: XtermScreen
  readonly link: TerminalLink
}

export function useTerminal(host: RefObject<HTMLDivElement | null>, wanted: Wanted) {
  const [shell, setShell] = useState<OpenShell | null>(null)
  const berth = useBerth()
  const latest = useRef(wanted)
  useEffect(() => {
    latest.current = wanted
  })
  useEffect(() => {
    if (!host.current) return
    const opened = openShell(host.current, berth, () => latest.current)
    setShell(opened)
    // Not at once: React's strict mode mounts twice, and two shells would be opened.
    const timer = setTimeout(() => opened.link.start())
    const stop = keepAlive(host.current, opened)
    return () => {
      clearTimeout(timer)
      stop()
      opened.link.close()
      opened.screen.dispose()
      setShell(null)
    }
  }, [host, berth])
  const { look } = wanted
  const { scheme, fontSize, screenReader, blink } = look
  useEffect(() => {
    shell?.screen.setLook({ scheme, fontSize, screenReader, blink })
    if (shell) takeSize(shell)
  }, [shell, scheme, fontSize, screenReader, blink])
  const state = useSyncExternalStore<LinkState>(
    shell?.link.subscribe ?? subscribeToNothing,
    () => shell?.link.state ?? FIRST,
  )
  return { shell, state }
}

function subscribeToNothing(): () => void {
  return () => undefined
}

function openShell(host: HTMLElement, berth: BerthClient, latest: () => Wanted): OpenShell {
  const { container, terminal, look, onShell } = latest()
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''
  const screen: XtermScreen = new XtermScreen(host, look, nonce, {
    onInput: (input, isResponse) => {
      // The size of the viewer in which the person types counts.
      if (screen.isBorrowed && !isResponse) takeSize({ screen, link })
      link.send(input)
    },
    onAction: (action) => latest().onAction(action),
    onLink: (target) => latest().onLink(target),
    onHover: (target) => latest().onHover(target),
    onCopyRequest: (text) => latest().onCopyRequest(text),
    noteText: (kind, lostAt) => latest().noteText(kind, lostAt),
  })
  const link: TerminalLink = new TerminalLink({
    api: {
      create: (name, size) => createTerminal(berth, name, size),
      ticket: (id) => terminalTicket(berth, id),
    },
    screen,
    origin: location.origin,
    container,
    terminal,
    onShell,
    refusalOf: (error) => (error instanceof ApiError ? { status: error.status, message: error.message } : null),
  })
  return { screen, link }
}

function takeSize({ screen, link }: OpenShell): void {
  const size = screen.fit()
  if (size) link.resize(size)
}

/** Follows the size of the place, and finds out when the machine slept or the network came back. */
function keepAlive(host: HTMLElement, { screen, link }: OpenShell): () => void {
  const stop = new AbortController()
  const { signal } = stop
  const take = () => takeSize({ screen, link })
  let timer: ReturnType<typeof setTimeout> | undefined
  const observer = new ResizeObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(take, RESIZE_DEBOUNCE_MS)
  })
  observer.observe(host)
  // The size of the viewer in which the person works counts, also when another one has changed it.
  host.addEventListener('focusin', take, { signal })
  globalThis.addEventListener('online', () => link.check(), { signal })
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && link.hurry(), {
    signal,
  })
  const hasSlept = sleepDetector()
  const wake = setInterval(() => hasSlept() && link.check(), WAKE_CHECK_MS)
  return () => {
    stop.abort()
    observer.disconnect()
    clearTimeout(timer)
    clearInterval(wake)
  }
}
