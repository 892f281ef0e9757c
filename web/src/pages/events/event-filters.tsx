/** The filters that the manager applies. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useSearchParams } from 'wouter'
import { usePools } from '../../api/lists.ts'
import { useDebouncedText } from '../../parts/fields/use-debounced-text.ts'
import { useUtc } from '../../settings/settings.tsx'
import { EVENT_KINDS } from '../../words/event-kinds.ts'
import { minuteInput, readMinuteInput, readTime } from '../../words/range.ts'
import styles from './events.module.css'

const DEBOUNCE_MS = 400
const KEYS = ['kind', 'pool', 'container', 'reservation', 'from', 'to'] as const

export function EventFilters() {
  const [params, setParams] = useSearchParams()
  const { data: pools = [] } = usePools()
  const [utc] = useUtc()
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
  const span = (key: 'from' | 'to', label: string) => (
    <TextInput
      type="datetime-local"
      label={`${label}${utc ? ', UTC' : ''}`}
      value={minuteInput(readTime(params.get(key), Date.now()), utc)}
      onChange={(event) => set(key, readMinuteInput(event.currentTarget.value, utc) ?? '')}
    />
  )
  const isSet = KEYS.some((key) => params.has(key))
  return (
    <search className={styles['filters']} aria-label="Events">
      <NativeSelect
        label="Kind"
        value={params.get('kind') ?? ''}
        onChange={(event) => set('kind', event.currentTarget.value)}
        data={[{ value: '', label: 'any' }, ...EVENT_KINDS]}
      />
      <NativeSelect
        label="Pool"
        value={params.get('pool') ?? ''}
        onChange={(event) => set('pool', event.currentTarget.value)}
        data={[{ value: '', label: 'any' }, ...pools.map(({ name }) => name)]}
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
    </search>
  )
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
