import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { problemOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import { useMe } from '../../api/lists.ts'
import { type OpenSession, useSession, useSessions } from '../../api/session.ts'
import { useNotices } from '../../notices/notices.tsx'
import { useBulk } from '../../parts/bulk/bulk-context.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { counted } from '../../words/reservation-text.ts'
import { browserText } from './browser-text.ts'
import { SESSION_COLUMNS } from './session-columns.tsx'

export function SessionsPage() {
  const { data: me } = useMe()
  const { data: own } = useSession()
  const sessions = useSessions()
  if (own?.auth === 'none') {
    return (
      <Page title="Sessions">
        <p className="secondary">This manager needs no sign-in, so there are no sessions.</p>
      </Page>
    )
  }
  return (
    <Page title="Sessions">
      {me?.role === 'user' && <p className="secondary">Only your own sessions. Admins see all sessions.</p>}
      <Loading of={sessions} what="the sessions">
        {(found) => <Sessions sessions={found} />}
      </Loading>
    </Page>
  )
}

function Sessions({ sessions }: { readonly sessions: readonly OpenSession[] }) {
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const confirm = useConfirm()
  const startBulk = useBulk()
  const table = useTable({ rows: sessions, columns: SESSION_COLUMNS, idOf })

  const reread = () => client.invalidateQueries({ queryKey: ['sessions'] })
  const request = (id: string) =>
    berth.DELETE('/v1/sessions/{id}', { params: { path: { id } } }).then(async ({ error, response }) => {
      if (!response.ok) throw problemOf(error, response)
    })
  const end = useMutation({
    mutationFn: ({ id }: OpenSession) => request(id),
    onSuccess: (_, { identity, current }) => {
      if (current) void client.invalidateQueries({ queryKey: ['session'] })
      else notices.done(`A session of ${identity} was ended`)
    },
    onError: (error, { identity }) => notices.problem(`The session of ${identity} was not ended`, error),
    onSettled: reread,
  })
  const askEnd = async (session: OpenSession) => {
    const consequence = session.current
      ? 'This is the session of this browser: you will be signed out.'
      : 'That browser is signed out, and its terminals are closed.'
    const names = [named(session)]
    if (await confirm({ title: 'End this session?', consequence, names, action: 'End the session' }))
      end.mutate(session)
  }
  const endMany = async (selected: readonly OpenSession[]) => {
    // Ending the own session first would sign the person out before the others have ended.
    const others = selected.filter(({ current }) => !current)
    const title = `End ${counted(others.length, 'session', 'sessions')}`
    if (others.length === 0)
      return notices.problem(
        'No session was ended',
        'Only the session of this browser is selected. To end it, sign out.',
      )
    const kept = others.length < selected.length ? ' The session of this browser is kept.' : ''
    const consequence = `These browsers are signed out, and their terminals are closed.${kept}`
    if (!(await confirm({ title: `${title}?`, consequence, names: others.map(named), action: title }))) return
    const act = (id: string) => request(id).finally(() => void reread())
    startBulk({ title, done: 'ended', items: others.map((one) => ({ id: one.id, name: named(one) })), act })
  }
  const others = sessions.filter(({ current }) => !current)
  return (
    <>
      {others.length > 0 && <Button onClick={() => void endMany(others)}>End all others …</Button>}
      <DataTable
        table={table}
        label="Sessions"
        noun={{ one: 'session', many: 'sessions' }}
        nameOf={named}
        actionsWidth="64px"
        actionsOf={(session) => [{ label: 'End …', act: () => void askEnd(session) }]}
        bulk={[{ label: 'End …', act: (selected) => void endMany(selected) }]}
        empty={<p>There are no browser sessions.</p>}
      />
    </>
  )
}

function named({ identity, user_agent: agent, address }: OpenSession): string {
  return `${identity}, ${browserText(agent)}, ${address}`
}

function idOf({ id }: OpenSession): string {
  return id
}
