/** Notes on a lost connection, or on why the terminal has ended, with buttons for the next step. */
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useLocation } from 'wouter'
import { useTimeWords } from '../../settings/settings.tsx'
import type { TerminalLink } from '../connection/link.ts'
import { isOver, type LinkState } from '../connection/machine.ts'
import type { Held } from './warning.ts'
import { nextStep, statusText } from './status-words.ts'
import styles from '../view/terminal-view.module.css'

interface Props {
  readonly container: string
  readonly state: LinkState
  readonly link: TerminalLink | null
}

/** Shows that the connection is lost, or is being opened again. */
export function ConnectionNote({ container, state, link }: Props) {
  const words = useTimeWords()
  // The first connection takes milliseconds; a flashing text would only distract.
  const isOpening = state.kind === 'connecting' && state.lostAt === null && state.attempt === 1
  const text = isOver(state) || isOpening ? null : statusText(container, state, words)
  return (
    <div role="status" className={text === null ? styles['none'] : styles['status']}>
      {text}
      {state.kind === 'waiting' && (
        <Button size="compact-xs" onClick={() => link?.hurry()}>
          Try now
        </Button>
      )}
    </div>
  )
}

/** Shows when and why the terminal has ended. */
export function EndNote({ container, state, held, link }: Props & { readonly held: Held | null }) {
  const words = useTimeWords()
  const pool = useLast(held)?.reservation
  return (
    <div role="alert" className={isOver(state) ? styles['over'] : styles['none']}>
      {isOver(state) && (
        <>
          {statusText(container, state, words)}
          <Next state={state} pool={pool ? { name: pool.pool, count: pool.count } : null} link={link} />
        </>
      )}
    </div>
  )
}

function Next(props: {
  readonly state: LinkState
  readonly pool: { readonly name: string; readonly count: number } | null
  readonly link: TerminalLink | null
}) {
  const { state, pool, link } = props
  const [, navigate] = useLocation()
  const client = useQueryClient()
  const step = nextStep(state)
  if (step === 'sign-in') {
    return <Button onClick={() => void client.invalidateQueries({ queryKey: ['session'] })}>Sign in</Button>
  }
  if (step === 'reserve-again') {
    const query = pool ? `?pool=${encodeURIComponent(pool.name)}&count=${pool.count}` : ''
    return (
      <Button variant="filled" onClick={() => navigate(`/reserve${query}`)}>
        Reserve again
      </Button>
    )
  }
  return (
    <Button variant="filled" onClick={() => link?.renew()}>
      {step === 'try-again' ? 'Try again' : 'New shell'}
    </Button>
  )
}

/** Returns the latest reservation, because lists omit it after its end. */
function useLast(held: Held | null): Held | null {
  const last = useRef(held)
  if (held) last.current = held
  return last.current
}
