/** Nodes that are unreachable or cordoned, with what they mean for the reservations that they hold. */
import { Fragment } from 'react'
import { Link } from 'wouter'
import type { EngineNode } from '../../api/types.ts'
import { useNow } from '../../live/clock.tsx'
import { TimeLeft } from '../../parts/time-left.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { accountText } from '../../words/callers.ts'
import { situation } from './node-text.ts'

type HeldReservation = NonNullable<EngineNode['reservations']>[number]

export function Held({ nodes }: { readonly nodes: readonly EngineNode[] }) {
  return nodes.map((node) => (
    <section key={node.name} aria-label={`Node ${node.name}`}>
      <h3>{node.name}</h3>
      <Situation node={node} />
      <Reservations of={node.reservations ?? []} />
    </section>
  ))
}

function Situation({ node }: { readonly node: EngineNode }) {
  return <p>{situation(node, useNow(), useTimeWords())}</p>
}

function Reservations({ of }: { readonly of: readonly HeldReservation[] }) {
  if (of.length === 0) return <p className="secondary">It holds no reservation.</p>
  return (
    <>
      <p>It holds these reservations:</p>
      <ul>
        {of.map((one) => (
          <li key={one.id}>
            <Link href={`/reservations/${one.id}`}>{accountText(one.username, one.owner)}</Link>:{' '}
            {one.containers.map((container, nth) => (
              <Fragment key={container}>
                {nth > 0 && ', '}
                <Link href={`/containers/${container}`}>{container}</Link>
              </Fragment>
            ))}
            {one.expires_at !== null && (
              <>
                , <TimeLeft at={one.expires_at} />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
