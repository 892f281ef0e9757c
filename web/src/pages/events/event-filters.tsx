/** The filters that the manager applies. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useId } from 'react'
import { useSearchParams } from 'wouter'
import { usePools } from '../../api/lists.ts'
import { useDebouncedText } from '../../parts/fields/use-debounced-text.ts'
import { useUtc } from '../../settings/settings.tsx'
import { EVENT_KINDS } from '../../words/event-kinds.ts'
import { minuteInput, readMinuteInput, readTime } from '../../words/range.ts'
import { filterProblems } from './event-filter.ts'
import styles from './events.module.css'

const DEBOUNCE_MS = 400
const KEYS = ['kind', 'pool', 'container', 'reservation', 'from', 'to'] as const

export function EventFilters() {
  const [params, setParams] = useSearchParams()
  const { data: pools = [] } = usePools()
  const [utc] = useUtc()
  const id = useId()
  const set = (key: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (value === '') next.delete(key)
        else next.set(key, value)
        return next
      },
      { replace: true },
    )
  const clear = () =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      for (const key of KEYS) next.delete(key)
      return next
    })
  const problems = filterProblems(params)
  /** Marks a field, and refers to the sentence about it. */
  const fault = (key: string) =>
    problems.some((one) => one.key === key) && { error: true, 'aria-describedby': `${id}-${key}` }
  const span = (key: 'from' | 'to', label: string) => (
    <TextInput
      type="datetime-local"
      label={`${label}${utc ? ', UTC' : ''}`}
      {...fault(key)}
      value={minuteInput(readTime(params.get(key), Date.now()), utc)}
      onChange={(event) => set(key, readMinuteInput(event.currentTarget.value, utc) ?? '')}
    />
  )
  const isSet = KEYS.some((key) => params.has(key))
  return (
    <search className={styles['filters']} aria-label="Events">
      <NativeSelect
        label="Kind"
        {...fault('kind')}
        value={params.get('kind') ?? ''}
        onChange={(event) => set('kind', event.currentTarget.value)}
        data={[{ value: '', label: 'any' }, ...withUnknown(EVENT_KINDS, params.get('kind'))]}
      />
      <NativeSelect
        label="Pool"
        value={params.get('pool') ?? ''}
        onChange={(event) => set('pool', event.currentTarget.value)}
        data={[
          { value: '', label: 'any' },
          ...withUnknown(
            pools.map(({ name }) => name),
            params.get('pool'),
          ),
        ]}
      />
      <DebouncedField
        label="Container"
        value={params.get('container') ?? ''}
        onChange={(value) => set('container', value)}
      />
      <DebouncedField
        label="Reservation"
        value={params.get('reservation') ?? ''}
        onChange={(value) => set('reservation', value)}
      />
      {span('from', 'From')}
      {span('to', 'Until')}
      {isSet && <Button onClick={clear}>Clear</Button>}
      {problems.map(({ key, text }) => (
        <p key={key} id={`${id}-${key}`} role="alert" className={styles['problem']}>
          {text}
        </p>
      ))}
    </search>
  )
}

/** Returns the choices of a field, also its present value: without it, the field would show "any". */
function withUnknown(choices: readonly string[], value: string | null): string[] {
  return !value || choices.includes(value) ? [...choices] : [value, ...choices]
}

interface DebouncedFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A field whose value is applied when typing pauses. */
function DebouncedField({ label, value, onChange }: DebouncedFieldProps) {
  const [text, setText] = useDebouncedText(value, onChange, DEBOUNCE_MS)
  return (
    <TextInput label={label} placeholder="any" value={text} onChange={(event) => setText(event.currentTarget.value)} />
  )
}
