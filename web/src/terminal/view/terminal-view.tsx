/** One terminal: its tools, the screen, and what is said about it. */
import { useEffect, useRef, useState } from 'react'
import { useTimeWords } from '../../settings/settings.tsx'
import type { LinkState } from '../connection/machine.ts'
import { linkTarget } from '../screen/link-target.ts'
import { followTouch } from '../screen/touch-scroll.ts'
import { HelpLine } from './help-line.tsx'
import { useLook } from './look.ts'
import { PasteDialog } from '../input/paste-dialog.tsx'
import { CopyQuestion, LinkQuestion } from '../input/questions.tsx'
import { useHeld } from '../ending/reservation.ts'
import { SearchBar } from './search-bar.tsx'
import { ConnectionNote, EndNote } from '../ending/status-note.tsx'
import { noteText, statusText } from '../ending/status-words.ts'
import { TerminalMenu } from './terminal-menu.tsx'
import { Toolbar } from './toolbar.tsx'
import { TouchKeys } from '../input/touch-keys.tsx'
import { useTerminalClipboard } from '../input/use-clipboard.ts'
import { useFullScreen } from './use-full-screen.ts'
import { useGuard } from './use-guard.ts'
import { useTerminal } from './use-terminal.ts'
import styles from './terminal-view.module.css'

export interface TerminalViewProps {
  readonly container: string
  /** Id of a shell to attach to; null: a new one. */
  readonly terminal: string | null
  /** Whether it is shown, and not another one in its place. */
  readonly shown: boolean
  /** Changes when it should get the focus. */
  readonly focusKey: unknown
  readonly onShell: (terminal: string) => void
  readonly onOwnWindow: (() => void) | null
  readonly onState?: (state: LinkState) => void
}

export function TerminalView(props: TerminalViewProps) {
  const { container, shown, focusKey, onState } = props
  const frame = useRef<HTMLElement>(null)
  const host = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const words = useTimeWords()
  const settings = useLook()
  const held = useHeld(container)
  const [link, setLink] = useState<string | null>(null)
  const [hovered, setHovered] = useState<string | null>(null)
  const [searching, setSearching] = useState(false)
  const [menu, setMenu] = useState<{ x: number; y: number } | null>(null)
  const fullScreen = useFullScreen(frame)

  const { shell, state } = useTerminal(host, {
    container,
    terminal: props.terminal,
    look: settings.look,
    onShell: props.onShell,
    onAction: (action) => {
      const act = {
        copy: clipboard().copy,
        search: () => setSearching(true),
        menu: () => setMenu(middleOf(host.current)),
        leave: () => leaveTo(frame.current),
      }
      act[action]()
    },
    onLink: (target) => setLink(linkTarget(target)),
    onHover: (target) => setHovered(target),
    onCopyRequest: (text) => clipboard().offer(text),
    noteText: (kind, lostAt) => noteText(kind, lostAt, Date.now(), words),
  })
  const own = useTerminalClipboard(host, shell)
  const clipboard = () => own
  useGuard(shell, state)
  useWordsOnScreen(shell?.screen ?? null, statusText(container, state, words), state)
  const report = useRef(onState)
  useEffect(() => {
    report.current = onState
  })
  useEffect(() => report.current?.(state), [state])

  const focus = () => {
    if (matchMedia('(pointer: coarse)').matches && field.current) field.current.focus()
    else shell?.screen.terminal.focus()
  }
  useEffect(() => {
    if (shown && focusKey !== null) shell?.screen.terminal.focus()
  }, [shell, shown, focusKey])
  useEffect(() => {
    const stop = new AbortController()
    const touch = { tap: () => field.current?.focus(), swipe: (pixels: number) => shell?.screen.scroll(pixels) }
    if (host.current) followTouch(host.current, touch, stop.signal)
    return () => stop.abort()
  }, [shell])

  const search = () => setSearching(true)
  return (
    <section ref={frame} className={styles['frame']} aria-label={`Terminal ${container}`} hidden={!shown} data-terminal>
      <Toolbar
        container={container}
        held={held}
        settings={settings}
        actions={{
          copy: own.copyVisible,
          paste: () => void own.paste(),
          search,
          fullScreen,
          ownWindow: props.onOwnWindow,
        }}
      />
      <div className={styles['stage']}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: xterm puts a field with a role in it */}
        <div
          ref={host}
          className={styles['screen']}
          onContextMenu={(event) => {
            event.preventDefault()
            setMenu({ x: event.clientX, y: event.clientY })
          }}
        />
        {/* Over the text, so that the shell keeps its size. */}
        <div className={styles['notes']}>
          {searching && (
            <SearchBar
              find={(text, backwards) => shell?.screen.find(text, backwards) ?? false}
              onClose={() => {
                shell?.screen.endSearch()
                setSearching(false)
                focus()
              }}
            />
          )}
          {link !== null && (
            <LinkQuestion
              target={link}
              onClose={() => {
                setLink(null)
                focus()
              }}
            />
          )}
          {own.offered !== null && <CopyQuestion text={own.offered} onAllow={own.allow} onDeny={own.deny} />}
        </div>
      </div>
      <EndNote container={container} state={state} held={held} link={shell?.link ?? null} />
      {/* In place of the help and the keys, which are of no use then: a row of its own would resize the shell. */}
      <div className={styles['foot']}>
        <ConnectionNote container={container} state={state} link={shell?.link ?? null} />
        <TouchKeys
          field={field}
          type={(text) => shell?.screen.type(text)}
          application={() => shell?.screen.terminal.modes.applicationCursorKeysMode ?? false}
        />
        <HelpLine target={hovered} />
      </div>
      {menu && (
        <TerminalMenu
          at={menu}
          hasSelection={shell?.screen.terminal.hasSelection() ?? false}
          onClose={() => setMenu(null)}
          actions={{
            copy: own.copy,
            paste: () => void own.paste(),
            selectAll: () => shell?.screen.terminal.selectAll(),
            search,
            clear: () => shell?.screen.terminal.clear(),
          }}
        />
      )}
      {own.question && <PasteDialog question={own.question} onPaste={own.answer} onClose={own.closeQuestion} />}
    </section>
  )
}

function middleOf(place: HTMLElement | null): { x: number; y: number } {
  const box = place?.getBoundingClientRect()
  return box ? { x: box.left + box.width / 3, y: box.top + box.height / 3 } : { x: 0, y: 0 }
}

/** Focuses the button of a warning, or else the toolbar. */
function leaveTo(frame: HTMLElement | null): void {
  const button =
    document.querySelector<HTMLElement>('[data-f6-first]') ??
    frame?.querySelector<HTMLElement>('[data-f6-toolbar] button')
  button?.focus()
}

/** Writes the end below the last output, and takes no more keys. */
function useWordsOnScreen(
  screen: { end(text: string): void; setReadOnly(on: boolean): void } | null,
  text: string | null,
  state: LinkState,
) {
  const isOver = state.kind === 'ended' || state.kind === 'stopped'
  const written = useRef<LinkState | null>(null)
  useEffect(() => {
    screen?.setReadOnly(state.kind !== 'attached')
    if (!screen || !isOver || text === null || written.current === state) return
    written.current = state
    screen.end(`── ${text} ──`)
  }, [screen, isOver, text, state])
}
