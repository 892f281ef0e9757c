import { Link, useParams } from 'wouter'
import { useContainers, useMe, useOpenReservations } from '../../api/lists.ts'
import type { Reservation } from '../../api/types.ts'
import { CommandLine } from '../../parts/command-line.tsx'
import { CopyButton } from '../../parts/copy/copy-button.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Loading, Page, PENDING } from '../../parts/page.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { ExactTime, TimeLeft, TimeSince } from '../../parts/time-left.tsx'
import { stateSentence } from '../../words/container-text.ts'
import { sshCommand } from '../../words/reservation-text.ts'
import { ContainerActions } from './container-actions.tsx'
import { type ContainerRow, holderText, withHolders } from './container-rows.ts'
import { History } from './history.tsx'
import styles from './container.module.css'

const NONE: readonly Reservation[] = []

export function ContainerPage() {
  const { name } = useParams<{ name: string }>()
  const containers = useContainers()
  const { data: reservations = NONE, isPending: isReading } = useOpenReservations()
  const { data: me, isPending: isAsking } = useMe()
  // Waits for all queries, because later data would move what is already shown.
  const isPending = isReading || isAsking
  return (
    <Page title={name}>
      <Loading of={isPending ? PENDING : containers} what="the containers">
        {(found) => {
          const [row] = withHolders(
            found.filter((one) => one.name === name),
            reservations,
          )
          return row ? (
            <Shown row={row} isMine={row.holder !== null && row.holder.owner === me?.name} />
          ) : (
            <Missing name={name} />
          )
        }}
      </Loading>
    </Page>
  )
}

/** After a pool has become smaller, the history of its removed containers is still shown. */
function Missing({ name }: { readonly name: string }) {
  return (
    <>
      <p>
        There is no container {name} now. <Link href="/containers">See all containers</Link>
      </p>
      <History name={name} />
    </>
  )
}

function Shown({ row, isMine }: { readonly row: ContainerRow; readonly isMine: boolean }) {
  return (
    <div className={styles['columns']}>
      <div>
        <p className={styles['state']}>
          <StateMark state={row.state} word /> for <TimeSince at={row.since} />.{' '}
          <span className="secondary">{stateSentence(row.state)}</span>
        </p>
        {row.error !== null && (
          <p className={row.state === 'broken' ? 'needs-person' : 'secondary'}>
            {row.attempts > 1 ? `${row.attempts} failures in a row, the last: ` : ''}
            {row.error}
          </p>
        )}
        <ContainerActions row={row} isMine={isMine} />
        <ContainerFacts row={row} />
      </div>
      <History name={row.name} />
    </div>
  )
}

function ContainerFacts({ row }: { readonly row: ContainerRow }) {
  const { pool, since, generation, host, port, host_key: hostKey, known_hosts: knownHosts, holder } = row
  const held = holder?.containers.find(({ name }) => name === row.name)
  const ssh = holder && sshCommand(holder.username, { ...row, tunnel: held?.tunnel ?? false })
  return (
    <Facts>
      <Fact name="Pool">
        <Link href={`/pools/${pool}`}>{pool}</Link>
      </Fact>
      <Fact name="State since">
        <ExactTime at={since} />
      </Fact>
      <Fact name="Generation">{generation}</Fact>
      <Fact name="Holder">
        {holder ? <Link href={`/reservations/${holder.id}`}>{holderText(row)}</Link> : holderText(row) || '—'}
      </Fact>
      <Fact name="Time left">{holder?.expires_at && <TimeLeft at={holder.expires_at} />}</Fact>
      <Fact name="SSH">{ssh ? <CommandLine command={ssh} /> : `${host}, port ${port}`}</Fact>
      <Fact name="Host key">
        {hostKey && (
          <span className={styles['key']}>
            <code>{hostKey}</code> <CopyButton text={hostKey} label="Copy the fingerprint" />
          </span>
        )}
      </Fact>
      <Fact name="known_hosts">
        {knownHosts && <CommandLine command={knownHosts} label="Copy the line of known_hosts" />}
      </Fact>
    </Facts>
  )
}
