import type { EngineNode } from '../../api/types.ts'
import type { Column } from '../../parts/table/model/column.ts'
import { labelsText, needsAttention, otherStates, roomText, stateText } from './node-text.ts'

export const NODE_COLUMNS: readonly Column<EngineNode>[] = [
  { key: 'name', label: 'Node', sortKey: ({ name }) => name, cell: ({ name }) => <span title={name}>{name}</span> },
  {
    key: 'state',
    label: 'State',
    sortKey: stateText,
    filter: true,
    width: '176px',
    cell: (node) => <span className={needsAttention(node) ? 'soon' : undefined}>{stateText(node)}</span>,
  },
  count('ready', 'Ready'),
  count('reserved', 'Reserved'),
  { key: 'others', label: 'Other containers', sortKey: otherStates, width: '152px', cell: otherStates },
  {
    key: 'room',
    label: 'Room',
    sortKey: ({ room }) => room?.memory_bytes ?? null,
    text: roomText,
    width: '208px',
    wide: 'medium',
    cell: roomText,
  },
  {
    key: 'labels',
    label: 'Labels',
    sortKey: labelsText,
    cell: (node) => <span title={labelsText(node)}>{labelsText(node)}</span>,
  },
]

function count(state: string, label: string): Column<EngineNode> {
  const of = ({ containers }: EngineNode) => containers[state] ?? 0
  return {
    key: state,
    label,
    sortKey: of,
    text: () => '',
    width: '96px',
    align: 'right',
    cell: (node) => of(node).toLocaleString(),
  }
}
