/** Why a reserve was refused, and what to do: correct fields, wait in the queue, or repeat the request. */
import { ApiError } from '../../../../src/client/client.ts'
import type { Pool, Reservation } from '../../api/types.ts'
import { useNow } from '../../live/clock.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { estimatedStart, startText } from './availability.ts'
import styles from './reserve.module.css'

interface RefusalProps {
  readonly error: unknown
  /** Violations without a field. */
  readonly others: readonly string[]
  readonly pool: Pool | undefined
  readonly count: number
  readonly reservations: readonly Reservation[]
  /** Value of the field “wait”, which is filled in after the refusal. */
  readonly wait: string
}

export function Refusal(props: RefusalProps) {
  const { error, others, pool, count, reservations, wait } = props
  if (error instanceof ApiError && error.violations.length > 0) {
    const many = error.violations.length === 1 ? '1 value' : `${error.violations.length} values`
    return (
      <div role="alert" className={styles['refusal']}>
        <strong>The manager rejected {many}. Nothing was reserved.</strong>
        {others.map((fault) => (
          <p key={fault}>{fault}</p>
        ))}
      </div>
    )
  }
  const isShort = error instanceof ApiError && error.code === 'not_enough'
  return (
    <>
      <ProblemNote title="Nothing was reserved" error={error} />
      {isShort && pool && <WaitOffer pool={pool} count={count} reservations={reservations} wait={wait} />}
      {!(error instanceof ApiError) && (
        <p className="secondary">
          The manager may have reserved already. Press Reserve again: it then returns that reservation, not another one.
        </p>
      )}
    </>
  )
}

type WaitOfferProps = Pick<RefusalProps, 'count' | 'reservations' | 'wait'> & { readonly pool: Pool }

function WaitOffer({ pool, count, reservations, wait }: WaitOfferProps) {
  const now = useNow()
  const start = estimatedStart(pool, count, reservations)
  return (
    <p className={styles['offer']} role="status">
      {startText(start, now, useTimeWords())} {wait !== '' && `Press Enter to wait in the queue for up to ${wait}.`}
    </p>
  )
}
