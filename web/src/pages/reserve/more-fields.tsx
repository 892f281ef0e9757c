/** Fields that most reservations leave empty. */
import { NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Faults, FieldName, Fields } from './reserve-fields.ts'
import styles from './reserve.module.css'

interface MoreFieldsProps {
  readonly fields: Fields
  readonly faults: Faults
  readonly set: (name: FieldName, value: string) => void
  /** Whether they are shown without a click. */
  readonly startsOpen: boolean
}

const PASSWORDS = [
  { value: 'random', label: 'Generated: 20 characters' },
  { value: 'words', label: 'Generated: four words to type' },
  { value: 'own', label: 'My own' },
  { value: 'none', label: 'None, keys only' },
]

export function MoreFields({ fields, faults, set, startsOpen }: MoreFieldsProps) {
  const [asked, setAsked] = useState(false)
  const text = (name: FieldName, label: string, placeholder: string) => (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={fields[name]}
      error={faults.byField[name]}
      autoComplete="off"
      onChange={(event) => set(name, event.currentTarget.value)}
    />
  )
  return (
    <details
      className={styles['more']}
      open={asked || startsOpen}
      onToggle={(event) => setAsked(event.currentTarget.open)}
    >
      <summary>Name, keys, password, queue, note</summary>
      <div className={styles['form']}>
        <div className={styles['pair']}>
          {text('name', 'Name of the reservation', 'web')}
          {text('wait', 'Wait in the queue for', '10m; empty: do not wait')}
        </div>
        <Textarea
          label="SSH keys"
          placeholder="ssh-ed25519 AAAA… (one per line)"
          rows={2}
          spellCheck={false}
          value={fields.sshKeys}
          error={faults.byField.sshKeys}
          onChange={(event) => set('sshKeys', event.currentTarget.value)}
        />
        <NativeSelect
          label="Password"
          data={PASSWORDS}
          value={fields.passwordChoice}
          error={faults.byField.passwordChoice}
          onChange={(event) => set('passwordChoice', event.currentTarget.value)}
        />
        {fields.passwordChoice === 'own' && (
          <PasswordInput
            label="Your password"
            autoComplete="new-password"
            value={fields.password}
            error={faults.byField.password}
            onChange={(event) => set('password', event.currentTarget.value)}
          />
        )}
        {text('keepalive', 'End after this time without a keepalive call', '5m; empty: no calls needed')}
        {text('note', 'Note', 'What it is for, or a link')}
      </div>
    </details>
  )
}
