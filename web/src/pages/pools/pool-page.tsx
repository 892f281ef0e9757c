import { Link, useParams } from 'wouter'
import type { Pool, Reservation } from '../../api/types.ts'
import { Facts } from '../../parts/facts.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { PoolBoard } from '../../slots/pool-board.tsx'
import { SlotKeys } from '../../slots/slot-keys.tsx'
import { type PoolData, usePoolData } from '../overview/overview-data.ts'
import { Holders } from './holders.tsx'
import { poolFacts } from './pool-facts.ts'
import { Queue } from './queue.tsx'
import { SizeForm } from './size-form.tsx'
import styles from './pool.module.css'

export function PoolPage() {
  const { name } = useParams<{ name: string }>()
  const data = usePoolData()
  return (
    <Page title={`Pool ${name}`} actions={<Link href={`/reserve?pool=${encodeURIComponent(name)}`}>Reserve here</Link>}>
      <Loading of={data} what="the pools">
        {(found) => {
          const pool = found.pools.find((one) => one.name === name)
          return pool ? <PoolOverview pool={pool} data={found} /> : <NoSuchPool name={name} pools={found.pools} />
        }}
      </Loading>
    </Page>
  )
}

function NoSuchPool({ name, pools }: { readonly name: string; readonly pools: readonly Pool[] }) {
  return (
    <p>
      There is no pool “{name}”. {pools.length === 1 ? 'The only pool is' : 'The pools are'}{' '}
      {pools.map((pool, nth) => (
        <span key={pool.name}>
          {nth > 0 && ', '}
          <Link href={`/pools/${pool.name}`}>{pool.name}</Link>
        </span>
      ))}
    </p>
  )
}

function PoolOverview({ pool, data }: { readonly pool: Pool; readonly data: PoolData }) {
  const { me, containers, reservations } = data
  const here = [...reservations.values()].filter((one) => one.pool === pool.name)
  const isMine = ({ owner, state }: Reservation) => owner === me.name && state === 'active'
  const isAdmin = me.role === 'admin'
  return (
    <SlotKeys mine={here.filter(isMine)}>
      <div className={styles['page']}>
        <PoolBoard pool={pool} containers={containers} reservations={reservations} me={me} withName={false} />
        {/* Before the lists, which grow and shrink. */}
        <div className={styles['columns']}>
          <section aria-labelledby="facts">
            <h2 id="facts">Image and limits</h2>
            <Facts facts={poolFacts(pool)} />
          </section>
          <section aria-labelledby="size">
            <h2 id="size">Size</h2>
            {isAdmin ? (
              <SizeForm key={pool.size} pool={pool} containers={containers} />
            ) : (
              <p>
                {pool.size} <span className="secondary">Admins can change it.</span>
              </p>
            )}
          </section>
        </div>
        <section aria-labelledby="holders">
          <h2 id="holders">Holders</h2>
          <Holders reservations={here.filter(({ state }) => state !== 'waiting')} isAdmin={isAdmin} pool={pool} />
        </section>
        <section aria-labelledby="queue">
          <h2 id="queue">Queue</h2>
          <Queue reservations={here.filter(({ state }) => state === 'waiting')} waiting={pool.waiting} />
        </section>
      </div>
    </SlotKeys>
  )
}
