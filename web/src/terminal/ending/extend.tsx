/** Extends a reservation that is about to end: a button for each, and one key. */
import { Button } from '@mantine/core'
import { useLayoutEffect, useRef } from 'react'
import { extensionOf } from '../../actions/extension.ts'
import { usePools } from '../../api/lists.ts'
import type { Reservation } from '../../api/types.ts'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { durationText } from '../../words/time.ts'
import { SHOWN_TERMINAL } from '../view/use-f6.ts'
import { listOf, type Warning } from './warning.ts'
import styles from './warning.module.css'

/** Lets the key e extend the reservation whose warning has the focus, or else the one that ends first. */
export function ExtendKey(props: {
  readonly shown: readonly Warning[]
  readonly first: Warning
  readonly onExtend: (reservation: Reservation) => void
}) {
  const { shown, first, onExtend } = props
  const act = () => {
    const focused = document.activeElement?.closest<HTMLElement>('[data-ending]')?.dataset['ending']
    onExtend((shown.find(({ reservation }) => reservation.id === focused) ?? first).reservation)
  }
  // In the map of a pool, the key extends the reservation of the focused slot.
  const hasPrecedence = () => document.activeElement?.closest('[data-slot]') == null
  const names = namesIn(first.reservation)
  useShortcut('e', `Extend ${names}, which ends first, by ${useExtension(first.reservation)}`, act, hasPrecedence)
  return null
}

export function ExtendButton(props: {
  readonly reservation: Reservation
  /** Whether the key e extends it. */
  readonly isFirst: boolean
  readonly isPending: boolean
  readonly onExtend: () => void
}) {
  const { reservation, isFirst, isPending, onExtend } = props
  const button = useRef<HTMLButtonElement>(null)
  const longer = useExtension(reservation)
  useLayoutEffect(() => {
    const element = button.current
    return () => {
      // When the button disappears with the focus, the terminal takes the focus.
      if (document.activeElement !== element) return
      document.querySelector<HTMLElement>(SHOWN_TERMINAL)?.focus()
    }
  }, [])
  return (
    <Button
      ref={button}
      data-f6-first={isFirst || undefined}
      variant="filled"
      aria-label={isPending ? undefined : `Extend by ${longer}: ${namesIn(reservation)}`}
      aria-disabled={isPending}
      onClick={onExtend}
      title={isFirst ? 'Shortcut outside the terminal: e' : undefined}
    >
      {isPending ? 'extending …' : `Extend by ${longer}`}
      {!isPending && isFirst && <kbd className={`${styles['key']} key-hint`}>e</kbd>}
    </Button>
  )
}

function namesIn({ containers }: Reservation): string {
  return listOf(containers.map(({ name }) => name))
}

/** Returns by how much a reservation is extended: "30 min". */
function useExtension({ pool }: Reservation): string {
  const { data: pools } = usePools()
  return durationText(Number.parseInt(extensionOf(pools?.find(({ name }) => name === pool)), 10) * 1_000)
}
