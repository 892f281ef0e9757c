/** Shapes of managers. */
import { Type } from '../json-schema.ts'

export const ManagerView = Type.Object(
  {
    name: Type.String({ description: 'A UUID, another one for each start' }),
    address: Type.String({ description: 'Its host, and where it listens there' }),
    version: Type.String(),
    started_at: Type.String(),
    last_seen: Type.String({ description: 'When it last showed that it lives' }),
    alive: Type.Boolean({ description: 'false once it has not shown that for a few seconds' }),
    leader: Type.Boolean({ description: 'Whether it works on the containers' }),
    self: Type.Boolean({ description: 'Whether it has answered this request' }),
    clock_offset_seconds: Type.Number({
      description: "How far its machine's clock is ahead of the database's; reservations go by the latter",
    }),
  },
  { title: 'Manager' },
)

export const ManagerList = Type.Object({ managers: Type.Array(ManagerView) }, { title: 'ManagerList' })
