import { useMemo } from 'react'
import { useContainers, useMe, useOpenReservations } from '../../api/lists.ts'
import type { Container, Reservation } from '../../api/types.ts'
import { Loading, Page, PENDING } from '../../parts/page.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { CONTAINER_COLUMNS } from './container-columns.tsx'
import { type ContainerRow, withHolders } from './container-rows.ts'
import { useContainerActions } from './use-container-actions.ts'

const NONE: readonly Reservation[] = []
const NO_BULK: readonly never[] = []

export function ContainersPage() {
  const containers = useContainers()
  // Waits for the holders, because later ones would make rows grow.
  const { data: reservations = NONE, isPending } = useOpenReservations()
  return (
    <Page title="Containers">
      <Loading of={isPending ? PENDING : containers} what="the containers">
        {(found) => <Containers containers={found} reservations={reservations} />}
      </Loading>
    </Page>
  )
}

interface ListProps {
  readonly containers: readonly Container[]
  readonly reservations: readonly Reservation[]
}

function Containers({ containers, reservations }: ListProps) {
  const { data: me } = useMe()
  const rows = useMemo(() => withHolders(containers, reservations), [containers, reservations])
  const table = useTable({ rows, columns: CONTAINER_COLUMNS, idOf: nameOf })
  const isAdmin = me?.role === 'admin'
  const { rowActions, bulk } = useContainerActions()
  return (
    <DataTable
      table={table}
      label="Containers"
      noun={{ one: 'container', many: 'containers' }}
      nameOf={nameOf}
      hrefOf={({ name }) => `/containers/${name}`}
      actionsOf={rowActions}
      bulk={isAdmin ? bulk : NO_BULK}
      empty={<p>The pools have no containers yet.</p>}
    />
  )
}

function nameOf({ name }: ContainerRow): string {
  return name
}
