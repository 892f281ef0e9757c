import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useSearchParams } from 'wouter'
import { ApiError } from '../../../../src/client/client.ts'
import type { Me, Pool, Reservation } from '../../api/types.ts'
import { useClock, useNow } from '../../live/clock.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { endHint, readEnd } from '../../words/end-input.ts'
import { availabilityText, defaultDurationMs, estimatedStart, proposedWait } from './availability.ts'
import { MoreFields } from './more-fields.tsx'
import { Refusal } from './refusal.tsx'
import {
  type FieldName,
  type Fields,
  faultsLeft,
  faultsOf,
  fieldsFrom,
  keyFault,
  type Remembered,
  wantsMore,
} from './reserve-fields.ts'
import { type Made, useReserve } from './use-reserve.ts'
import styles from './reserve.module.css'

/** Why the manager refused the latest attempt, and the fields that were edited since. */
interface Refused {
  readonly error: unknown
  readonly edited: readonly FieldName[]
}

interface ReserveFormProps {
  readonly pools: readonly Pool[]
  readonly me: Me
  readonly reservations: readonly Reservation[]
  readonly onMade: (made: Made) => void
}

export function ReserveForm({ pools, me, reservations, onMade }: ReserveFormProps) {
  const [query] = useSearchParams()
  const [remembered, remember] = useLocalStorage<Remembered>({
    key: 'berth-reserve',
    defaultValue: { username: '', sshKeys: '' },
    getInitialValueInEffect: false,
  })
  const allowed = pools.filter(({ name }) => me.limits.pools?.includes(name) ?? true).map(({ name }) => name)
  const [fields, setFields] = useState<Fields>(() => fieldsFrom(query, remembered, allowed[0] ?? ''))
  const reserve = useReserve()
  const clock = useClock()
  const [refusal, setRefusal] = useState<Refused | null>(null)
  const error = refusal?.error ?? null
  const answered = faultsLeft(faultsOf(error instanceof ApiError ? error.violations : []), refusal?.edited ?? [])
  const missingKey = keyFault(fields)
  const faults = missingKey === null ? answered : { ...answered, byField: { ...answered.byField, sshKeys: missingKey } }
  const pool = pools.find(({ name }) => name === fields.pool)
  const set = (name: FieldName, value: string) => {
    setFields((before) => ({ ...before, [name]: value }))
    setRefusal((before) => before && { ...before, edited: [...before.edited, name] })
  }

  // The drawer looks for the field when it opens, which may be before the pools are read.
  const count = useRef<HTMLInputElement>(null)
  useEffect(() => count.current?.focus({ preventScroll: true }), [])

  // After the render that marks the faults: before it, no field is invalid.
  useEffect(() => {
    if (error !== null) focusFirstFault()
  }, [error])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reserve.isPending) return
    // At once, so that the first fault is one of this attempt.
    flushSync(() => setRefusal(null))
    if (missingKey !== null) return focusFirstFault()
    reserve.mutate(fields, {
      onSuccess: (made) => {
        remember({ username: fields.username, sshKeys: fields.sshKeys })
        onMade(made)
      },
      onError: (refused) => {
        setRefusal({ error: refused, edited: [] })
        // Another Enter waits in the queue.
        const isShort = refused instanceof ApiError && refused.code === 'not_enough'
        if (isShort && pool && fields.wait === '') {
          set('wait', proposedWait(estimatedStart(pool, Number(fields.count), reservations), clock()))
        }
      },
    })
  }
  return (
    <form onSubmit={submit} className={styles['form']} noValidate aria-label="Reserve">
      {error !== null && (
        <Refusal
          error={error}
          others={faults.others}
          pool={pool}
          count={Number(fields.count)}
          reservations={reservations}
          wait={fields.wait}
        />
      )}
      <NativeSelect
        label="Pool"
        // A link may name another pool: the manager reports what is wrong.
        data={allowed.includes(fields.pool) ? allowed : [fields.pool, ...allowed]}
        value={fields.pool}
        error={faults.byField.pool}
        description={pool && availabilityText(pool, me)}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        onChange={(event) => set('pool', event.currentTarget.value)}
      />
      <div className={styles['pair']}>
        <TextInput
          ref={count}
          label="Count"
          inputMode="numeric"
          data-autofocus
          value={fields.count}
          error={faults.byField.count}
          // It has a value at first: a number that is typed replaces it.
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => set('count', event.currentTarget.value)}
        />
        <TimeField
          fallback={pool ? defaultDurationMs(pool, me) : 0}
          value={fields.time}
          error={faults.byField.time}
          onChange={(time) => set('time', time)}
        />
      </div>
      <TextInput
        label="Account"
        placeholder="user"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={fields.username}
        error={faults.byField.username}
        onChange={(event) => set('username', event.currentTarget.value)}
      />
      <MoreFields fields={fields} faults={faults} set={set} startsOpen={wantsMore(fields, faults)} />
      <div className={styles['submit']}>
        <Button type="submit" variant="filled" aria-disabled={reserve.isPending}>
          {reserve.isPending ? 'reserving …' : fields.wait === '' ? 'Reserve' : 'Reserve, or wait in the queue'}
        </Button>
        <span className="key-hint secondary">
          <kbd>Enter</kbd> reserves, <kbd>Escape</kbd> goes back
        </span>
      </div>
    </form>
  )
}

interface TimeFieldProps {
  /** Duration of a reserve without one. */
  readonly fallback: number
  readonly value: string
  readonly error: string | undefined
  readonly onChange: (value: string) => void
}

/** Shows the meaning of its value, updated each second. */
function TimeField({ fallback, value, error, onChange }: TimeFieldProps) {
  const now = useNow()
  const words = useTimeWords()
  return (
    <TextInput
      label="Duration or end time"
      placeholder="90m, 2h, until 15:40"
      value={value}
      error={error}
      description={
        endHint(readEnd(value, now, words), fallback, now, words) ?? 'A duration such as 90m, or a time such as 15:40'
      }
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

/** Call it when the faults are rendered. */
function focusFirstFault(): void {
  document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus()
}
