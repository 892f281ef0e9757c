/** How the API shows nodes. */
import type { Static } from 'typebox'
import type { NodeOverview } from '../../usecases/nodes/nodes.ts'
import { optionalTime } from '../time.ts'
import type { NodeView } from './schemas.ts'

export function viewNode({ node, counts, held }: NodeOverview): Static<typeof NodeView> {
  const { name, isReachable, unreachableSince, isCordoned, labels, room } = node
  return {
    name,
    reachable: isReachable,
    unreachable_since: optionalTime(unreachableSince),
    cordoned: isCordoned,
    labels: { ...labels },
    room: room && { cpus: room.cpus, memory_bytes: room.memory, containers: room.containers },
    containers: { ...counts },
    reservations:
      held?.map(({ reservation, containers }) => ({
        id: reservation.id,
        owner: reservation.owner,
        username: reservation.username,
        expires_at: optionalTime(reservation.expiresAt),
        containers: [...containers],
      })) ?? null,
  }
}
