/**
 * A pool: a sentence on what is free, reserved and waiting, a line of fixed height about the current slot, and the map
 * of its slots.
 */
import { useId, useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { Container, Me, Pool, Reservation } from '../api/types.ts'
import { useNow } from '../live/clock.tsx'
import { useLiveStatus } from '../live/live.tsx'
import { StateMark } from '../parts/state-mark.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { durationText } from '../words/time.ts'
import { poolSentence } from '../words/pool-sentence.ts'
import { ordered, type SlotOrder, slotsOf } from './slots.ts'
import { OrderToggle } from './order-toggle.tsx'
import { SlotDetail } from './slot-detail.tsx'
import { Selection } from './slot-selection.tsx'
import { SlotMap } from './slot-map.tsx'
import { useSlotKeys } from './slot-keys.tsx'
import { useGradual } from './use-gradual.ts'
import styles from './pool-board.module.css'

interface PoolBoardProps {
  readonly pool: Pool
  readonly containers: readonly Container[]
  readonly reservations: ReadonlyMap<string, Reservation>
  readonly me: Pick<Me, 'name' | 'auth'>
  /** On the pool's own page the heading of the page names it. */
  readonly withName?: boolean
}

/** How often the fill levels of reserved slots are updated. */
const LEVEL_MS = 10_000

export function PoolBoard({ pool, containers, reservations, me, withName = true }: PoolBoardProps) {
  const now = useNow(LEVEL_MS)
  const detailId = useId()
  const [order, setOrder] = useState<SlotOrder>('number')
  const [shown, setShown] = useState<string | null>(null)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const slots = useMemo(
    () => ordered(slotsOf({ pool, containers, reservations, me: me.name, now }), order),
    [pool, containers, reservations, me.name, now, order],
  )
  const select = (names: readonly string[], on: boolean) =>
    setSelected((before) => {
      const after = new Set(before)
      for (const name of names) {
        if (on) after.add(name)
        else after.delete(name)
      }
      return after
    })
  useSlotKeys(pool.name, {
    reservationOf: (name) => {
      const id = slots.find((slot) => slot.name === name)?.reservation
      return id == null ? undefined : reservations.get(id)
    },
    toggle: (name) => select([name], !selected.has(name)),
  })
  const slot = slots.find(({ name }) => name === shown) ?? null
  return (
    <section className={styles['board']} aria-label={`Pool ${pool.name}`} tabIndex={-1} data-pool={pool.name}>
      <header className={styles['header']}>
        {withName && (
          <h2>
            <Link href={`/pools/${pool.name}`}>{pool.name}</Link>
          </h2>
        )}
        <Sentence pool={pool} />
      </header>
      <div className={styles['strip']}>
        <SlotDetail id={detailId} slot={slot} reservations={reservations}>
          <Legend pool={pool} />
        </SlotDetail>
        {selected.size > 0 && (
          <Selection
            names={[...selected]}
            slots={slots}
            reservations={reservations}
            onClear={() => setSelected(new Set())}
          />
        )}
        <OrderToggle pool={pool.name} order={order} onChange={setOrder} />
      </div>
      <SlotMap
        label={`Slots of ${pool.name}`}
        // So that a thousand simultaneous changes do not block the page.
        slots={useGradual(slots)}
        detailId={detailId}
        marksOwn={me.auth !== 'none'}
        selected={selected}
        onSelect={select}
        onShow={setShown}
      />
    </section>
  )
}

/** Updates each second on its own, so that the map does not render again. */
function Sentence({ pool }: { readonly pool: Pool }) {
  const { text, tone } = poolSentence(pool, useNow(), useTimeWords())
  return (
    <p className={styles['sentence']} data-tone={tone}>
      {text}
    </p>
  )
}

const STATES = ['ready', 'reserved', 'creating', 'removing', 'broken', 'quarantined'] as const

/** What the shapes mean, with counts; while the page is not live, how old they are. */
function Legend({ pool }: { readonly pool: Pool }) {
  return (
    <ul className={styles['legend']}>
      {STATES.map((state) => (
        <li key={state} data-none={(pool.containers[state] ?? 0) === 0 || undefined}>
          <StateMark state={state} word /> {pool.containers[state] ?? 0}
        </li>
      ))}
      <StaleAge />
    </ul>
  )
}

function StaleAge() {
  const status = useLiveStatus()
  const now = useNow()
  if (status.kind !== 'stale') return null
  return <li className="soon">as it was {durationText(now - status.since)} ago</li>
}
