/** Warns before a reservation ends, and extends it by one key or one click. */
import { CloseButton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useExtend } from '../../actions/reservation-actions.ts'
import type { Reservation } from '../../api/types.ts'
import { useNow } from '../../live/clock.tsx'
import { TimeLeft } from '../../parts/time-left.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { ExtendButton, ExtendKey } from './extend.tsx'
import { useAllHeld } from './reservation.ts'
import { listOf, titlePrefix, type Warning, warningsOf, warningText, withoutPrefix } from './warning.ts'
import styles from './warning.module.css'

/**
 * Warnings about the reservations of these containers, each once. The reservation that ends first is at the bottom: the
 * dock grows at its top, so a new warning does not move the earlier ones.
 */
export function EndWarnings({ containers }: { readonly containers: readonly string[] }) {
  const now = useNow()
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const extend = useExtend()
  const shown = warningsOf(useAllHeld(containers), now).filter((one) => !hidden.has(keyOf(one)))
  const [first] = shown
  if (!first) return null
  const isExtending = ({ id }: Reservation) => extend.isPending && extend.variables.id === id
  return (
    <>
      <ExtendKey shown={shown} first={first} onExtend={extend.mutate} />
      <TitlePrefix left={first.times.expiresAt - now} />
      {shown.toReversed().map((one) => (
        <EndWarning
          key={one.reservation.id}
          warning={one}
          isFirst={one === first}
          isPending={isExtending(one.reservation)}
          onExtend={() => extend.mutate(one.reservation)}
          onHide={() => setHidden((all) => new Set(all).add(keyOf(one)))}
        />
      ))}
    </>
  )
}

/** A hidden warning is shown again at the next level, and after an extension. */
function keyOf({ reservation, level, times }: Warning): string {
  return `${reservation.id} ${times.expiresAt} ${level}`
}

function EndWarning(props: {
  readonly warning: Warning
  readonly isFirst: boolean
  readonly isPending: boolean
  readonly onExtend: () => void
  readonly onHide: () => void
}) {
  const { warning, isFirst, isPending, onExtend, onHide } = props
  const { reservation, level, times } = warning
  const words = useTimeWords()
  const names = reservation.containers.map(({ name }) => name)
  return (
    <div className={styles['warning']} data-ending={reservation.id}>
      <Alert key={level} text={warningText(names, level, times, words)} />
      <strong aria-hidden>
        {listOf(names)}: <TimeLeft at={reservation.expires_at ?? ''} />
      </strong>
      <ExtendButton reservation={reservation} isFirst={isFirst} isPending={isPending} onExtend={onExtend} />
      <CloseButton
        size="sm"
        className={styles['close'] ?? ''}
        aria-label={`Hide the warning about ${listOf(names)}`}
        onClick={onHide}
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

/** Puts the time left before the title of the window, so that it is visible in the tab bar of the browser. */
function TitlePrefix({ left }: { readonly left: number }) {
  // After each render, not only when the prefix changes: a page sets its own title when it is opened.
  useEffect(() => {
    document.title = titlePrefix(left) + withoutPrefix(document.title)
  })
  useEffect(
    () => () => {
      document.title = withoutPrefix(document.title)
    },
    [],
  )
  return null
}
