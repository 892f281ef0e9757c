/** The actions on containers in the table: a terminal for their holder, all others for admins. */
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import { useMe } from '../../api/lists.ts'
import { useNotices } from '../../notices/notices.tsx'
import { useBulk } from '../../parts/bulk/bulk-context.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import type { BulkAction, RowAction } from '../../parts/table/row-action.ts'
import { useDock } from '../../terminal/dock-context.tsx'
import { consequenceOf, stateRefusal } from '../../words/container-text.ts'
import { counted } from '../../words/reservation-text.ts'
import type { ContainerRow } from './container-rows.ts'

interface Actions {
  readonly rowActions: (row: ContainerRow) => RowAction[]
  readonly bulk: readonly BulkAction<ContainerRow>[]
}

type BulkVerb = 'recycle' | 'quarantine' | 'return'

export function useContainerActions(): Actions {
  const { data: me } = useMe()
  const dock = useDock()
  const many = useMany()
  return {
    rowActions: (row) => [
      ...(row.holder?.owner === me?.name && row.holder?.state === 'active'
        ? [{ label: 'Terminal', key: 't', act: () => dock.open(row.name) }]
        : []),
      ...(me?.role === 'admin'
        ? [{ label: 'Recycle …', refusal: stateRefusal('recycle', row.state), act: () => void many('recycle', [row]) }]
        : []),
    ],
    bulk: [
      { label: 'Recycle …', act: (rows) => void many('recycle', rows) },
      { label: 'Quarantine …', act: (rows) => void many('quarantine', rows) },
      { label: 'Return …', act: (rows) => void many('return', rows) },
    ],
  }
}

const WORDS: Readonly<Record<BulkVerb, { readonly title: string; readonly done: string }>> = {
  recycle: { title: 'Recycle', done: 'recycled' },
  quarantine: { title: 'Quarantine', done: 'quarantined' },
  return: { title: 'Return', done: 'returned' },
}

/** Runs an action on many containers after one confirmation, and shows a result for each. */
function useMany() {
  const berth = useBerth()
  const confirm = useConfirm()
  const notices = useNotices()
  const startBulk = useBulk()
  return async (verb: BulkVerb, rows: readonly ContainerRow[]) => {
    const fit = rows.filter(({ state }) => stateRefusal(verb, state) === null)
    const inUse = rows.filter(({ state }) => state === 'reserved').length
    if (fit.length === 0) {
      const reasons = new Set(rows.map(({ state }) => stateRefusal(verb, state)))
      return notices.problem(`No container was ${WORDS[verb].done}`, [...reasons].join(' '))
    }
    const title = `${WORDS[verb].title} ${counted(fit.length, 'container', 'containers')}`
    const left = rows.length - fit.length
    const others = left === 0 ? '' : ` ${counted(left, 'other is', 'others are')} skipped, ${inUse} of them in use.`
    const consequence = consequenceOf(verb).replace(/^It /, 'Each ') + others
    if (!(await confirm({ title: `${title}?`, consequence, names: fit.map(({ name }) => name), action: title }))) return
    startBulk({
      title,
      done: WORDS[verb].done,
      items: fit.map(({ name }) => ({ id: name, name })),
      act: (name) => {
        const request = { params: { path: { name } } }
        if (verb === 'recycle') return answerOf(berth.POST('/v1/containers/{name}/recycle', request))
        if (verb === 'return') return answerOf(berth.POST('/v1/containers/{name}/return', request))
        return answerOf(berth.POST('/v1/containers/{name}/quarantine', request))
      },
    })
  }
}
