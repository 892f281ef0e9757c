/** What needs attention: one line at the top, and a list with the actions of an admin. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { type ContainerVerb, useContainerAction } from '../../actions/container-actions.ts'
import { useNow } from '../../live/clock.tsx'
import { useLiveStatus } from '../../live/live.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { type NeedsPerson, needsPerson, needsSummary } from './needs-person.ts'
import type { OverviewData } from './overview-data.ts'
import styles from './overview.module.css'

export function useNeeds({ pools, containers, readiness, tokens }: OverviewData): readonly NeedsPerson[] {
  return needsPerson({ pools, containers, readiness, tokens }, useNow(10_000))
}

/** One line of fixed height, so that nothing below it moves when something breaks. */
export function NeedsLine({ items }: { readonly items: readonly NeedsPerson[] }) {
  const isStale = useLiveStatus().kind === 'stale'
  const text = needsSummary(items, isStale)
  if (items.length === 0) return <p className={`${styles['needsLine']} secondary`}>{text}</p>
  return (
    <p className={`${styles['needsLine']} needs-person`} title={text}>
      <a href="#needs-you">{text}</a>
    </p>
  )
}

export function NeedsList({ items, isAdmin }: { readonly items: readonly NeedsPerson[]; readonly isAdmin: boolean }) {
  return (
    <section aria-labelledby="needs-you" className={styles['needsSection']}>
      <h2 id="needs-you">Needs attention</h2>
      <ul className={styles['needs']}>
        {items.map((item) => (
          <Item key={item.key} item={item} isAdmin={isAdmin} />
        ))}
      </ul>
    </section>
  )
}

function Item({ item, isAdmin }: { readonly item: NeedsPerson; readonly isAdmin: boolean }) {
  const { text, href, container } = item
  return (
    <li>
      <p>{href === null ? text : <Link href={href}>{text}</Link>}</p>
      {container && isAdmin && <ContainerButtons name={container.name} state={container.state} />}
    </li>
  )
}

const VERBS = { broken: ['recycle', 'quarantine'], quarantined: ['return'] } as const
const LABELS: Readonly<Record<ContainerVerb, string>> = {
  recycle: 'Try again now',
  quarantine: 'Quarantine',
  return: 'Return',
}

function ContainerButtons({ name, state }: { readonly name: string; readonly state: 'broken' | 'quarantined' }) {
  const action = useContainerAction(name)
  return (
    <>
      <div className={styles['buttons']}>
        {VERBS[state].map((verb) => (
          <Button key={verb} aria-label={`${LABELS[verb]}: ${name}`} onClick={() => action.mutate(verb)}>
            {action.isPending && action.variables === verb ? `${LABELS[verb]} …` : LABELS[verb]}
          </Button>
        ))}
      </div>
      {action.error && <ProblemNote title={`${name} was not changed`} error={action.error} onClose={action.reset} />}
    </>
  )
}
