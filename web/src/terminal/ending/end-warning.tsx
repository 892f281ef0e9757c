/** Warns before a reservation ends, and extends it by one key or one click. */
import { Button, CloseButton } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { useNow } from '../../live/clock.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { TimeLeft } from '../../parts/time-left.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { clockText } from '../../words/time.ts'
import { type Held, useAllHeld, useExtend } from './reservation.ts'
import { EXTENSION, titlePrefix, warningLevel, warningText } from './warning.ts'
import styles from './warning.module.css'

/** A success is read by then. */
const FADE_MS = 8_000

/** Warnings about the reservations of these containers, each once. */
export function EndWarnings({ containers }: { readonly containers: readonly string[] }) {
  const held = useAllHeld(containers)
  return held.map((one) => <EndWarning key={one.reservation.id} held={one} />)
}

function EndWarning({ held }: { readonly held: Held }) {
  const now = useNow()
  const words = useTimeWords()
  const extend = useExtend()
  const [closed, setClosed] = useState<string | null>(null)
  const { reservation } = held
  const times = { activeAt: Date.parse(held.activeAt), expiresAt: Date.parse(held.expiresAt) }
  const level = warningLevel(times, now)
  const names = reservation.containers.map(({ name }) => name)
  const answer = extend.data && extend.data.expires_at === held.expiresAt ? extend.data : null
  const isClosed = closed === `${held.expiresAt} ${level}`
  if (level === null || isClosed) {
    if (!answer || closed === held.expiresAt) return null
    const text = `Extended: ends at ${clockText(times.expiresAt, now, words)}.`
    return <Extended text={text} clamped={answer.clamped} onClose={() => setClosed(held.expiresAt)} />
  }
  return (
    <div className={styles['warning']} data-level={level}>
      <Alert key={level} text={warningText(names, level, times, words)} />
      <div className={styles['row']}>
        <strong aria-hidden>
          {names.length === 1 ? names[0] : `${names[0]} and ${names.length - 1} more`}: <TimeLeft at={held.expiresAt} />
        </strong>
        <ExtendButton pending={extend.isPending} onExtend={() => extend.mutate(reservation.id)} />
        <TitlePrefix left={times.expiresAt - now} />
        <CloseButton
          size="sm"
          className={styles['close'] ?? ''}
          aria-label="Hide the warning"
          onClick={() => setClosed(`${held.expiresAt} ${level}`)}
        />
      </div>
      {answer?.clamped && <div>{answer.clamped}</div>}
      {extend.isError && <ProblemNote title="The reservation was not extended" error={extend.error} />}
    </div>
  )
}

/** Announced once: the text stays what it was at first. */
function Alert({ text }: { readonly text: string }) {
  const [said] = useState(text)
  return (
    <span role="alert" className={styles['hidden']}>
      {said}
    </span>
  )
}

/** Says the new end. Stays if that is not the wanted one. */
function Extended(props: { readonly text: string; readonly clamped: string | null; readonly onClose: () => void }) {
  const { text, clamped, onClose } = props
  const close = useRef(onClose)
  useEffect(() => {
    const timer = clamped === null ? setTimeout(() => close.current(), FADE_MS) : undefined
    return () => clearTimeout(timer)
  }, [clamped])
  return (
    <output className={`${styles['extended']} ${styles['row']}`}>
      {text} {clamped}
      <CloseButton size="sm" aria-label="Close the message" onClick={onClose} />
    </output>
  )
}

function ExtendButton({ pending, onExtend }: { readonly pending: boolean; readonly onExtend: () => void }) {
  const button = useRef<HTMLButtonElement>(null)
  useShortcut('e', `Extend the terminal's reservation by ${EXTENSION.words}`, onExtend)
  useLayoutEffect(() => {
    const element = button.current
    return () => {
      // Pressed with the keyboard, it goes away with the focus.
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
      title="Outside the terminal: key e"
    >
      {pending ? 'extending …' : `Extend by ${EXTENSION.words}`}
      {!pending && <kbd className={styles['key']}>e</kbd>}
    </Button>
  )
}

/** Puts the time left before the title of the window, so that it is seen in the bar of tabs. */
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
