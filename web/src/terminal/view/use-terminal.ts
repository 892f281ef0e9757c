/** Connects a place on the page with a shell, for as long as the component is shown. */
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ApiError } from '../../../../src/client/client.ts'
import { terminals } from '../../api/terminals.ts'
import { TerminalLink } from '../connection/link.ts'
import { FIRST, type LinkState } from '../connection/machine.ts'
import { sleepDetector } from '../connection/sleep.ts'
import { type ScreenEvents, type ScreenLook, XtermScreen } from '../screen/xterm-screen.ts'

/** A window that is dragged changes its size many times; the shell is told the last one. */
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
  const latest = useRef(wanted)
  useEffect(() => {
    latest.current = wanted
  })
  useEffect(() => {
    if (!host.current) return
    const opened = openShell(host.current, () => latest.current)
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
  }, [host])
  const { look } = wanted
  const { scheme, fontSize, screenReader, blink } = look
  useEffect(() => {
    shell?.screen.setLook({ scheme, fontSize, screenReader, blink })
    const size = shell?.screen.fit()
    if (size) shell?.link.resize(size)
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

function openShell(host: HTMLElement, latest: () => Wanted): OpenShell {
  const { container, terminal, look, onShell } = latest()
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''
  const screen: XtermScreen = new XtermScreen(host, look, nonce, {
    onInput: (input) => void link.send(input),
    onAction: (action) => latest().onAction(action),
    onLink: (target) => latest().onLink(target),
    onHover: (target) => latest().onHover(target),
    onCopyRequest: (text) => latest().onCopyRequest(text),
    noteText: (kind, lostAt) => latest().noteText(kind, lostAt),
  })
  const link: TerminalLink = new TerminalLink({
    api: terminals,
    screen,
    container,
    terminal,
    onShell,
    refusalOf: (error) => (error instanceof ApiError ? { status: error.status, message: error.message } : null),
  })
  return { screen, link }
}

/** Follows the size of the place, and finds out when the machine slept or the network came back. */
function keepAlive(host: HTMLElement, { screen, link }: OpenShell): () => void {
  const stop = new AbortController()
  const { signal } = stop
  const take = () => {
    const size = screen.fit()
    if (size) link.resize(size)
  }
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
