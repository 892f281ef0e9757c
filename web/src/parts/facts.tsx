import type { ReactNode } from 'react'
import styles from './facts.module.css'

/** Names with their values: `Fact` as children. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={styles['facts']}>{children}</dl>
}

/** Left out if it has no value. */
export function Fact({ name, children }: { readonly name: string; readonly children?: ReactNode }) {
  if (children === null || children === undefined || children === false || children === '') return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
