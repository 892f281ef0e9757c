/** Shapes of managers. */
import { Type } from '../json-schema.ts'

export const ManagerView = Type.Object(
  {
    name: Type.String({ description: 'A UUID, new at each start' }),
    address: Type.String({ description: 'Host name and listen address, such as lab-1:127.0.0.1:8080' }),
    version: Type.String(),
    started_at: Type.String(),
    last_seen: Type.String({ description: 'Time of its latest heartbeat' }),
    alive: Type.Boolean({ description: 'false once its heartbeats are overdue: it has died or is frozen' }),
    leader: Type.Boolean({ description: 'Whether it is the leader, which works on the containers' }),
    self: Type.Boolean({ description: 'Whether it has answered this request' }),
    clock_offset_seconds: Type.Number({
      description: "Time by which its machine's clock is ahead of the database's; reservations go by the latter",
    }),
  },
  { title: 'Manager' },
)

export const ManagerList = Type.Object({ managers: Type.Array(ManagerView) }, { title: 'ManagerList' })
