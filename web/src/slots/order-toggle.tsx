import type { SlotOrder } from './slots.ts'
import styles from './pool-board.module.css'

const ORDERS: readonly SlotOrder[] = ['number', 'holder', 'end']

interface OrderToggleProps {
  readonly pool: string
  readonly order: SlotOrder
  readonly onChange: (order: SlotOrder) => void
}

export function OrderToggle({ pool, order, onChange }: OrderToggleProps) {
  return (
    <fieldset className={styles['orders']} aria-label={`Order of the slots of ${pool}`}>
      <span aria-hidden>by</span>
      {ORDERS.map((one) => (
        <button
          key={one}
          type="button"
          aria-label={`by ${one}`}
          aria-pressed={one === order}
          onClick={() => onChange(one)}
        >
          {one}
        </button>
      ))}
    </fieldset>
  )
}
