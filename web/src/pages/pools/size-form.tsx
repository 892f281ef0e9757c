/** Changes the size of a pool. Shows in advance which slots are removed and added. */
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import type { Container, Pool } from '../../api/types.ts'
import { useNotices } from '../../notices/notices.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { planText, sizeLimits, sizePlan } from './size-plan.ts'
import styles from './pool.module.css'

export function SizeForm({ pool, containers }: { readonly pool: Pool; readonly containers: readonly Container[] }) {
  const { name, size, configured_size: configured } = pool
  const [typed, setTyped] = useState(String(size))
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const confirm = useConfirm()
  const plan = sizePlan(pool, containers, typed)
  const { min, max } = sizeLimits(pool)
  const resize = useMutation({
    mutationFn: (to: number | null) =>
      answerOf(berth.PATCH('/v1/pools/{name}', { params: { path: { name } }, body: { size: to } })),
    onSuccess: (changed) => notices.done(`${name} has size ${changed.size}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['pools'] }),
  })
  /** Asks before containers are destroyed. null: the size in berth.yml. */
  const change = async (to: number | null) => {
    const wanted = to ?? configured
    const planned = sizePlan(pool, containers, String(wanted))
    const question = {
      title: `Shrink ${name} to ${wanted}?`,
      consequence: planText(planned),
      names: planned.now,
      action: `Set the size to ${wanted}`,
    }
    if (planned.now.length > 0 && !(await confirm(question))) return
    resize.mutate(to)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (plan.problem === null && !resize.isPending) void change(Number(typed))
  }
  return (
    <form onSubmit={submit} className={styles['size']} aria-label="Size">
      <div className={styles['sizeRow']}>
        <TextInput
          label={`From ${min} (reserved) to ${max} (ports)`}
          inputMode="numeric"
          value={typed}
          error={plan.problem}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" aria-disabled={plan.problem !== null || Number(typed) === size}>
          {resize.isPending ? 'resizing …' : 'Set the size'}
        </Button>
        {size !== configured && (
          <Button onClick={() => void change(null)}>Back to {configured}, as in berth.yml</Button>
        )}
      </div>
      <p role="status" className={styles['plan']}>
        {plan.problem === null && planText(plan)}
      </p>
      <p className="secondary">berth.yml sets {configured}. Another size survives restarts until it is set back.</p>
      {resize.error && (
        <ProblemNote title="The size was not changed" error={resize.error} onClose={() => resize.reset()} />
      )}
    </form>
  )
}
