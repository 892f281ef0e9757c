/** The buttons of one container. Errors of the manager are shown below them. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { type ContainerVerb, useContainerAction } from '../../actions/container-actions.ts'
import { useMe } from '../../api/lists.ts'
import { useConfirm } from '../../parts/confirm.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useNotices } from '../../notices/notices.tsx'
import { consequenceOf, DONE, stateRefusal } from '../../words/container-text.ts'
import { useDock } from '../../terminal/dock-context.tsx'
import { type ContainerRow, holderText } from './container-rows.ts'
import styles from './container.module.css'

type Verb = ContainerVerb | 'reset'

const LABELS: Readonly<Record<Verb, string>> = {
  recycle: 'Recycle …',
  quarantine: 'Quarantine …',
  return: 'Return …',
  reset: 'Reset …',
}

const PARTICIPLES: Readonly<Record<Verb, string>> = {
  recycle: 'recycled',
  quarantine: 'quarantined',
  return: 'returned',
  reset: 'reset',
}

export function ContainerActions({ row, isMine }: { readonly row: ContainerRow; readonly isMine: boolean }) {
  const { name, state, holder } = row
  const { data: me } = useMe()
  const action = useContainerAction(name)
  const confirm = useConfirm()
  const notices = useNotices()
  const dock = useDock()
  const [refused, setRefused] = useState<{ readonly verb: Verb; readonly error: unknown } | null>(null)

  const act = async (verb: Verb) => {
    setRefused(null)
    // If the state does not allow the action, no confirmation is needed: the manager refuses it, and says why.
    const asks = stateRefusal(verb, state) === null
    const inUse = state === 'reserved' ? ` ${holderText(row)} is using it.` : ''
    const title = `${LABELS[verb].replace(' …', '')} ${name}`
    const question = { title: `${title}?`, consequence: consequenceOf(verb) + inUse, action: title }
    if (asks && !(await confirm(question))) return
    action.mutate(verb, {
      onSuccess: () => notices.done(`${name} ${DONE[verb]}`),
      onError: (error) => setRefused({ verb, error }),
    })
  }

  const verbs: readonly Verb[] = [
    ...(state === 'reserved' && holder !== null ? (['reset'] as const) : []),
    ...(me?.role === 'admin' ? (['recycle', state === 'quarantined' ? 'return' : 'quarantine'] as const) : []),
  ]
  return (
    <section aria-label="Actions">
      <div className={styles['actions']}>
        {isMine && holder?.state === 'active' && (
          <Button variant="filled" onClick={() => dock.open(name)}>
            Terminal
          </Button>
        )}
        {verbs.map((verb) => (
          <Button key={verb} onClick={() => void act(verb)} aria-disabled={action.isPending}>
            {action.isPending && action.variables === verb ? 'in progress …' : LABELS[verb]}
          </Button>
        ))}
      </div>
      {refused && (
        <ProblemNote
          title={`${name} was not ${PARTICIPLES[refused.verb]}`}
          error={refused.error}
          onClose={() => setRefused(null)}
        />
      )}
    </section>
  )
}
