/** The generations of a container: who held each, and why it ended. */
import { Link } from 'wouter'
import { useMe } from '../../api/lists.ts'
import { Loading } from '../../parts/page.tsx'
import { ExactTime } from '../../parts/time-left.tsx'
import { useLatestEvents } from '../events/use-events.ts'
import { type Generation, generationsOf } from './generations.ts'
import styles from './container.module.css'

/** Maximum number of events that are shown: about 170 generations, with four to six events each. */
const MAX_EVENTS = 1_000

export function History({ name }: { readonly name: string }) {
  const { data: me } = useMe()
  const events = useLatestEvents({ container: name }, { tail: MAX_EVENTS, max: MAX_EVENTS })
  return (
    <section className={styles['history']} aria-labelledby="history">
      <h2 id="history">History</h2>
      {me?.role === 'user' && <p className="secondary">Only events of your own reservations. Admins see all events.</p>}
      <Loading of={events} what="the events of the container">
        {(found) => {
          const generations = generationsOf(found)
          return (
            <>
              {generations.length === 0 && <p className="secondary">No events of this container are kept.</p>}
              <ol className={styles['generations']}>
                {generations.map((one) => (
                  <Entry key={one.generation} generation={one} />
                ))}
              </ol>
              <p>
                <Link href={`/events?container=${encodeURIComponent(name)}`}>All events of {name}</Link>
                {found.length === MAX_EVENTS && <span className="secondary"> · the latest {MAX_EVENTS} are shown</span>}
              </p>
            </>
          )
        }}
      </Loading>
    </section>
  )
}

function Entry({ generation: one }: { readonly generation: Generation }) {
  return (
    <li>
      <strong>Generation {one.generation}</strong>{' '}
      {one.createdAt && (
        <span className="secondary">
          created <ExactTime at={one.createdAt} />
        </span>
      )}
      <ul>
        {one.failures.map(({ at, reason }) => (
          <li key={at}>
            failed at <ExactTime at={at} />: {reason}
          </li>
        ))}
        {one.holders.map(({ reservation, username, owner, at }) => (
          <li key={`${reservation} ${at}`}>
            held by <Link href={`/reservations/${reservation}`}>{username ?? owner ?? 'a tenant'}</Link> from{' '}
            <ExactTime at={at} />
          </li>
        ))}
        {one.quarantined && (
          <li>
            quarantined by {one.quarantined.by} at <ExactTime at={one.quarantined.at} />
          </li>
        )}
        {one.ended ? (
          <li>
            ended <ExactTime at={one.ended.at} />: {one.ended.why}
          </li>
        ) : (
          <li>current</li>
        )}
      </ul>
    </li>
  )
}
