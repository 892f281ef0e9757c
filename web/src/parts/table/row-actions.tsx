import { ActionIcon, Menu } from '@mantine/core'
import { Ellipsis } from 'lucide-react'
import type { RowAction } from './row-action.ts'
import styles from './table.module.css'

interface ActionsProps {
  readonly actions: readonly RowAction[]
  /** Of the row, for screen readers. */
  readonly name: string
  readonly active: boolean
  readonly narrow: boolean
}

/** Buttons at the end of a row; one menu on a narrow screen. */
export function RowActions({ actions, name, active, narrow }: ActionsProps) {
  const tabIndex = active ? 0 : -1
  if (actions.length === 0) return null
  if (narrow) {
    return (
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={`Actions of ${name}`} size={40} tabIndex={tabIndex}>
            <Ellipsis size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {actions.map(({ label, refusal, act }) => (
            <Menu.Item key={label} disabled={Boolean(refusal)} onClick={act}>
              {label}
              {refusal && <span className={styles['refusal']}>{refusal}</span>}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    )
  }
  return (
    <div className={styles['buttons']}>
      {actions.map(({ label, icon: Icon, key, refusal, act }) => (
        <button
          key={label}
          type="button"
          className={styles['action']}
          aria-label={`${label.replace(/ …$/, '')} ${name}`}
          aria-disabled={refusal ? true : undefined}
          title={refusal ?? (key === undefined ? undefined : `${label} (${key})`)}
          tabIndex={tabIndex}
          onClick={refusal ? undefined : act}
        >
          {Icon ? <Icon size={14} aria-hidden /> : label}
        </button>
      ))}
    </div>
  )
}
