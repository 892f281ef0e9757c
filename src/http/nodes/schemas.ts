/** Shapes of nodes. */
import { Nullable, NullableText, Type } from '../json-schema.ts'

const HeldReservation = Type.Object(
  {
    id: Type.String(),
    owner: Type.String(),
    username: Type.String(),
    expires_at: NullableText({ description: 'null while it is being prepared' }),
    containers: Type.Array(Type.String(), { description: 'Its containers on this node' }),
  },
  { title: 'HeldReservation' },
)

const NodeRoom = Type.Object(
  {
    cpus: Type.Number(),
    memory_bytes: Type.Number(),
    containers: Type.Integer({ description: 'Maximum number of pods, those of other programs included' }),
  },
  { title: 'NodeRoom' },
)

export const NodeView = Type.Object(
  {
    name: Type.String(),
    reachable: Type.Boolean({
      description: 'false: the engine cannot reach it; after a minute, its containers are replaced on other nodes',
    }),
    unreachable_since: NullableText({ description: 'null while it can be reached, or if the engine does not know' }),
    cordoned: Type.Boolean({ description: 'Whether an operator keeps new containers away from it' }),
    labels: Type.Record(Type.String(), Type.String(), {
      description: 'Without most of those that Kubernetes itself sets',
    }),
    room: Nullable(NodeRoom, {
      description: 'What containers may use of it altogether; null if the engine does not know',
    }),
    containers: Type.Record(Type.String(), Type.Integer(), {
      description: 'How many of its containers are in each state, none left out; one counts once its sshd has answered',
    }),
    reservations: Nullable(Type.Array(HeldReservation), {
      description: 'Which reservations it holds, if it is cordoned or cannot be reached; otherwise null',
    }),
  },
  { title: 'Node' },
)

export const NodeList = Type.Object(
  {
    cluster: Type.Boolean({ description: 'false: the engine is one machine, and lists no nodes' }),
    nodes: Type.Array(NodeView),
  },
  { title: 'NodeList' },
)
