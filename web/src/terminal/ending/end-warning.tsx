/** Warns before a reservation ends, and extends it by one key or one click. */
import { Button, CloseButton } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { extensionOf } from '../../actions/extension.ts'
import { useExtend } from '../../actions/reservation-actions.ts'
import { usePools } from '../../api/lists.ts'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { useNow } from '../../live/clock.tsx'
import { TimeLeft } from '../../parts/time-left.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { durationText } from '../../words/time.ts'
import { type Held, useAllHeld } from './reservation.ts'
import { titlePrefix, warningLevel, warningText } from './warning.ts'
import styles from './warning.module.css'

/** Warnings about the reservations of these containers, each once. */
export function EndWarnings({ containers }: { readonly containers: readonly string[] }) {
  const held = useAllHeld(containers)
  return held.map((one) => <EndWarning key={one.reservation.id} held={one} />)
}

function EndWarning({ held }: { readonly held: Held }) {
  const now = useNow()
  const words = useTimeWords()
  const extend = useExtend()
  const [hidden, setHidden] = useState<string | null>(null)
  const { reservation, expiresAt } = held
  const times = { activeAt: Date.parse(held.activeAt), expiresAt: Date.parse(expiresAt) }
  const level = warningLevel(times, now)
  const names = reservation.containers.map(({ name }) => name)
  if (level === null || hidden === `${expiresAt} ${level}`) return null
  return (
    <div className={styles['warning']}>
      <Alert key={level} text={warningText(names, level, times, words)} />
      <strong aria-hidden>
        {names.length === 1 ? names[0] : `${names[0]} and ${names.length - 1} more`}: <TimeLeft at={expiresAt} />
      </strong>
      <ExtendButton pool={reservation.pool} pending={extend.isPending} onExtend={() => extend.mutate(reservation)} />
      <TitlePrefix left={times.expiresAt - now} />
      <CloseButton
        size="sm"
        className={styles['close'] ?? ''}
        aria-label="Hide the warning"
        onClick={() => setHidden(`${expiresAt} ${level}`)}
      />
    </div>
  )
}

/** Announced once: later changes of the text are ignored. */
function Alert({ text }: { readonly text: string }) {
  const [said] = useState(text)
  return (
    <span role="alert" className={styles['hidden']}>
      {said}
    </span>
  )
}

function ExtendButton(props: { readonly pool: string; readonly pending: boolean; readonly onExtend: () => void }) {
  const { pool, pending, onExtend } = props
  const button = useRef<HTMLButtonElement>(null)
  const { data: pools } = usePools()
  const longer = durationText(Number.parseInt(extensionOf(pools?.find(({ name }) => name === pool)), 10) * 1_000)
  useShortcut('e', `Extend the terminal's reservation by ${longer}`, onExtend)
  useLayoutEffect(() => {
    const element = button.current
    return () => {
      // When the button disappears with the focus, the terminal takes the focus.
      if (document.activeElement !== element) return
      document.querySelector<HTMLElement>('[data-terminal]:not([hidden]) textarea')?.focus()
    }
  }, [])
  return (
    <Button
      ref={button}
      data-f6-first
      variant="filled"
      aria-disabled={pending}
      onClick={() => !pending && onExtend()}
      title="Shortcut outside the terminal: e"
    >
      {pending ? 'extending …' : `Extend by ${longer}`}
      {!pending && <kbd className={styles['key']}>e</kbd>}
    </Button>
  )
}

/** Puts the time left before the title of the window, so that it is visible in the tab bar of the browser. */
function TitlePrefix({ left }: { readonly left: number }) {
  const prefix = titlePrefix(left)
  useEffect(() => {
    const title = document.title.replace(/^⚠ .*? · /, '')
    document.title = prefix + title
    return () => {
      document.title = document.title.replace(/^⚠ .*? · /, '')
    }
  }, [prefix])
  return null
}
