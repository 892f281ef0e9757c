import { Button, Modal } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useMe, useOpenReservations } from '../../api/lists.ts'
import { useSessions } from '../../api/session.ts'
import type { Token } from '../../api/types.ts'
import { useClock } from '../../live/clock.tsx'
import { useNotices } from '../../notices/notices.tsx'
import { CommandLine } from '../../parts/command-line.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { tokenColumns } from './token-columns.tsx'
import { TokenForm } from './token-form.tsx'
import { deletionText, isOnlyAdmin } from './token-text.ts'
import { useDeleteToken, useMakeToken, useTokens } from './tokens.ts'

export function TokensPage() {
  const { data: me } = useMe()
  if (me?.role === 'user') {
    return (
      <Page title="Tokens">
        <p>Only admins can see and create tokens. You are signed in as {me.name}, a user.</p>
      </Page>
    )
  }
  return <AdminTokens />
}

function AdminTokens() {
  const tokens = useTokens()
  const [opened, setOpened] = useState(false)
  const make = useMakeToken()
  const close = () => {
    setOpened(false)
    // The token is shown only once, so it is not kept.
    make.reset()
  }
  return (
    <Page
      title="Tokens"
      actions={
        <Button variant="filled" onClick={() => setOpened(true)}>
          Create a token
        </Button>
      }
    >
      <Modal opened={opened} onClose={close} title={make.data ? `Token of ${make.data.name}` : 'Create a token'}>
        {make.data ? <Made token={make.data.token} onClose={close} /> : <TokenForm make={make} />}
      </Modal>
      <Loading of={tokens} what="the tokens">
        {(found) => <Tokens tokens={found} />}
      </Loading>
    </Page>
  )
}

function Made({ token, onClose }: { readonly token: string; readonly onClose: () => void }) {
  return (
    <>
      <p>The token is shown only once. Copy it now. If you lose it, delete it and create another one.</p>
      <CommandLine command={token} label="Copy the token" />
      <p className="secondary">
        Use it with “berth login”, in BERTH_TOKEN, or in the header “Authorization: Bearer …”.
      </p>
      <Button mt="sm" onClick={onClose}>
        I have copied it
      </Button>
    </>
  )
}

function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  const { data: reservations } = useOpenReservations()
  const sessions = useSessions(false)
  const clock = useClock()
  const remove = useDeleteToken()
  const confirm = useConfirm()
  const notices = useNotices()
  const columns = useMemo(() => tokenColumns(reservations ?? []), [reservations])
  const table = useTable({ rows: tokens, columns, idOf })

  const askDelete = async (token: Token) => {
    const { id, name } = token
    const others = tokens.filter((one) => one.name === name && one.id !== id).length
    const open = reservations?.filter(({ owner }) => owner === name).length ?? 0
    // Asked now: a warning that comes after the answer would be too late.
    const { data: found = [] } = await sessions.refetch()
    const isOwn = found.some((session) => session.current && session.token === id)
    const deletion = { name, others, open, isOwn, isLastAdmin: isOnlyAdmin(token, tokens, clock()) }
    const title = `Delete the token of ${name}`
    const question = { title: `${title}?`, consequence: deletionText(deletion), names: [id], action: title }
    if (!(await confirm(question))) return
    remove.mutate(id, {
      onSuccess: () => notices.done(`The token of ${name} is deleted`),
      onError: (error) => notices.problem(`The token of ${name} was not deleted`, error),
    })
  }
  return (
    <DataTable
      table={table}
      label="Tokens"
      noun={{ one: 'token', many: 'tokens' }}
      nameOf={({ name, id }) => `${name}, ${id}`}
      actionsWidth="80px"
      actionsOf={(token) => [{ label: 'Delete …', act: () => void askDelete(token) }]}
      empty={<p>There are no tokens. Without authentication, the manager needs none.</p>}
    />
  )
}

function idOf({ id }: Token): string {
  return id
}
