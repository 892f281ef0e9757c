import { useMe } from '../../api/lists.ts'
import type { EngineNode } from '../../api/types.ts'
import { Loading, Page } from '../../parts/page.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { Held } from './held.tsx'
import { NODE_COLUMNS } from './node-columns.tsx'
import { needsAttention } from './node-text.ts'
import { useNodes } from './use-nodes.ts'
import styles from './nodes.module.css'

export function NodesPage() {
  const { data: me } = useMe()
  if (me?.role === 'user') {
    return (
      <Page title="Nodes">
        <p>Only admins can see the nodes. You are signed in as {me.name}, a user.</p>
      </Page>
    )
  }
  return <AdminNodes />
}

function AdminNodes() {
  const nodes = useNodes()
  return (
    <Page title="Nodes">
      <Loading of={nodes} what="the nodes">
        {({ cluster, nodes: found }) => (cluster ? <Nodes nodes={found} /> : <OneMachine />)}
      </Loading>
      {nodes.data !== undefined && nodes.error !== null && (
        <ProblemNote title="Berth could not read the nodes again" error={nodes.error} />
      )}
    </Page>
  )
}

function OneMachine() {
  return (
    <p className="secondary">The engine is one machine: all containers run there, and there are no nodes to list.</p>
  )
}

function Nodes({ nodes }: { readonly nodes: readonly EngineNode[] }) {
  const table = useTable({ rows: nodes, columns: NODE_COLUMNS, idOf })
  const some = nodes.filter(needsAttention)
  return (
    <>
      <DataTable
        table={table}
        label="Nodes"
        noun={{ one: 'node', many: 'nodes' }}
        nameOf={idOf}
        empty={<p>The engine has no nodes, so no container can run.</p>}
      />
      {/* Below the table, which must not move. */}
      {some.length > 0 && (
        <section aria-labelledby="attention" className={styles['attention']}>
          <h2 id="attention">Unreachable and cordoned nodes</h2>
          <Held nodes={some} />
        </section>
      )}
    </>
  )
}

function idOf({ name }: EngineNode): string {
  return name
}
