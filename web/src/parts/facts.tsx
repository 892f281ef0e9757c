import type { ReactNode } from 'react'
import styles from './facts.module.css'

interface FactsProps {
  readonly facts?: readonly (readonly [name: string, value: string | null])[]
  /** `Fact`, for values with links or buttons. */
  readonly children?: ReactNode
}

/** Names with their values. Names without a value are omitted. */
export function Facts({ facts = [], children }: FactsProps) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
      {children}
    </dl>
  )
}

export function Fact({ name, children }: { readonly name: string; readonly children?: ReactNode }) {
  if (children === null || children === undefined || children === false || children === '') return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
