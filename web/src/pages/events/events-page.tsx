import { Button } from '@mantine/core'
import { type ReactNode, useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { useMe } from '../../api/lists.ts'
import type { Event } from '../../api/types.ts'
import { CommandLine } from '../../parts/command-line.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import { eventColumns } from './event-columns.tsx'
import { EventFilters } from './event-filters.tsx'
import { eventsCommand, readFilter, readSpan } from './event-filter.ts'
import { TAIL, useLatestEvents, useSpanEvents } from './use-events.ts'
import { usePaused } from './use-paused.ts'
import styles from './events.module.css'

export function EventsPage() {
  const [params] = useSearchParams()
  const filter = readFilter(params)
  // "now" is when the page was opened, so that a span does not move while it is read.
  const [openedAt] = useState(() => Date.now())
  const span = readSpan(params, openedAt)
  const { data: me } = useMe()
  const latest = useLatestEvents(filter, { enabled: span === null })
  const spanned = useSpanEvents(filter, span)
  return (
    <Page title="Events">
      {me?.role === 'user' && <p className="secondary">Only events of your own reservations. Admins see all events.</p>}
      <EventFilters />
      <section aria-label="The same as a command" className={styles['command']}>
        <CommandLine command={eventsCommand({ origin: location.origin, tail: TAIL }, filter, span)} />
      </section>
      {span === null ? (
        <Loading of={latest} what="the events">
          {(events) => <Latest key={JSON.stringify(filter)} events={events} />}
        </Loading>
      ) : (
        <Loading of={spanned} what="the events of that time">
          {({ events, isTruncated }) => (
            <>
              <p className="secondary">
                {isTruncated
                  ? `The first ${events.length.toLocaleString()} events of that time; there are more.`
                  : 'All matching events of that time that are kept. New events do not appear here.'}
              </p>
              <Events events={events} />
            </>
          )}
        </Loading>
      )}
    </Page>
  )
}

/** Shows new events on top. They are held back while the page is scrolled down. */
function Latest({ events }: { readonly events: readonly Event[] }) {
  const { isPaused, pause, resume } = usePaused()
  const [shown, show] = useState(events)
  if (!isPaused && shown !== events) show(events)
  const last = shown.at(-1)?.id ?? 0
  const waiting = events.filter(({ id }) => id > last).length
  return (
    <>
      <div className={styles['waiting']} role="status">
        {isPaused && waiting > 0 && (
          <Button variant="filled" onClick={resume}>
            Show {waiting.toLocaleString()} new
          </Button>
        )}
      </div>
      <Events
        events={shown}
        extra={
          <Button
            onClick={isPaused ? resume : pause}
            title={isPaused ? 'New events are held back' : 'New events appear on top, unless you have scrolled down'}
          >
            {isPaused ? 'Resume' : 'Pause'}
          </Button>
        }
      />
    </>
  )
}

function Events({ events, extra }: { readonly events: readonly Event[]; readonly extra?: ReactNode }) {
  const words = useTimeWords()
  const columns = useMemo(() => eventColumns(words), [words])
  const rows = useMemo(() => events.toReversed(), [events])
  const table = useTable({ rows, columns, idOf })
  return (
    <DataTable
      table={table}
      label="Events"
      noun={{ one: 'event', many: 'events' }}
      pageFilters={extra}
      inPlace
      nameOf={({ id }) => `event ${id}`}
      hrefOf={({ reservation, container }) =>
        reservation === null
          ? container === null
            ? '/events'
            : `/containers/${container}`
          : `/reservations/${reservation}`
      }
      empty={<p>No events match.</p>}
    />
  )
}

function idOf({ id }: Event): string {
  return String(id)
}
