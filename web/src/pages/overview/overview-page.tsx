import { useEffect } from 'react'
import { Link } from 'wouter'
import { Loading, Page } from '../../parts/page.tsx'
import { PoolBoard } from '../../slots/pool-board.tsx'
import { SlotKeys } from '../../slots/slot-keys.tsx'
import { LatestEvents } from './latest-events.tsx'
import { Mine } from './mine.tsx'
import { NeedsLine, NeedsList, useNeeds } from './needs-list.tsx'
import { type OverviewData, useOverviewData } from './overview-data.ts'
import styles from './overview.module.css'

export function OverviewPage() {
  const data = useOverviewData()
  // Loads the form in advance, so that it opens at once when r is pressed.
  useEffect(() => void import('../reserve/reserve-drawer.tsx').catch(() => undefined), [])
  return (
    <Page title="Overview">
      <Loading of={data} what="the pools">
        {(found) => <Overview data={found} />}
      </Loading>
    </Page>
  )
}

function Overview({ data }: { readonly data: OverviewData }) {
  const { me, pools, containers, reservations, events } = data
  const mine = [...reservations.values()].filter(({ owner }) => owner === me.name)
  const needs = useNeeds(data)
  return (
    <SlotKeys mine={mine.filter(({ state }) => state === 'active')}>
      <NeedsLine items={needs} />
      <div className={styles['columns']}>
        <div className={styles['pools']}>
          {pools.length === 0 && <p>berth.yml has no pools.</p>}
          {pools.map((pool) => (
            <PoolBoard key={pool.name} pool={pool} containers={containers} reservations={reservations} me={me} />
          ))}
        </div>
        <div className={styles['aside']}>
          <section aria-labelledby="mine" tabIndex={-1}>
            <h2 id="mine">Your reservations</h2>
            <Mine reservations={mine} />
          </section>
          <section aria-labelledby="latest" className={styles['latest']}>
            <h2 id="latest">
              <Link href="/events">Latest events</Link>
            </h2>
            <LatestEvents events={events} />
          </section>
          {/* Last, because it grows. The line on top leads to it. */}
          {needs.length > 0 && <NeedsList items={needs} isAdmin={me.role === 'admin'} />}
        </div>
      </div>
    </SlotKeys>
  )
}
