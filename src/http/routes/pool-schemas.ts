/** Shapes of pools and their containers. */
import { Type } from '../json-schema.ts'
import { CONTAINER_STATES, REACHES } from '../../core/container.ts'

const ContainerState = Type.Enum([...CONTAINER_STATES])
const Text = Type.Union([Type.String(), Type.Null()])

export const ContainerView = Type.Object({
  name: Type.String(),
  pool: Type.String(),
  state: ContainerState,
  since: Type.String({ description: 'When it entered the state' }),
  generation: Type.Integer(),
  reservation: Type.Union([Type.String(), Type.Null()], {
    description: 'Id of the reservation that holds it; users see only their own',
  }),
  host: Type.String(),
  port: Type.Integer(),
  host_key: Text,
  attempts: Type.Integer({ description: 'Failures in a row' }),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why the last attempt failed, or why it went' }),
})

export const PoolView = Type.Object({
  name: Type.String(),
  size: Type.Integer({ description: 'How many containers it should have now' }),
  configured_size: Type.Integer({ description: 'The size in berth.yml' }),
  ports: Type.Integer({ description: 'How many SSH ports it has: its greatest size' }),
  image: Type.String(),
  os: Type.Union([Type.String(), Type.Null()], {
    description: 'PRETTY_NAME of what really runs there; null before the first container has answered',
  }),
  memory_bytes: Type.Integer(),
  cpus: Type.Number(),
  pids: Type.Integer(),
  sudo: Type.Boolean(),
  reach: Type.Enum([...REACHES], { description: 'What its containers can connect to; see docs/security.md' }),
  runtime: Type.Union([Type.String(), Type.Null()], { description: "OCI runtime; null: the engine's own choice" }),
  duration_default_seconds: Type.Number(),
  duration_max_seconds: Type.Number(),
  containers: Type.Record(Type.String(), Type.Integer(), {
    description: 'How many containers are in each state, none left out',
  }),
  waiting: Type.Integer({ description: 'How many reservations wait in its queue' }),
  oldest_unclean_seconds: Type.Number({
    description: 'For how long a container has been waiting to be destroyed, or has been broken; 0 when none is',
  }),
})

export const PoolList = Type.Object({ pools: Type.Array(PoolView) })
export const ContainerList = Type.Object({ containers: Type.Array(ContainerView) })

export const Named = Type.Object({ name: Type.String() })
export const ListContainers = Type.Object(
  { pool: Type.Optional(Type.String()), state: Type.Optional(ContainerState) },
  { additionalProperties: false },
)
export const Resize = Type.Object(
  {
    size: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'At least what is reserved, at most the number of ports; null: as in berth.yml',
    }),
  },
  { additionalProperties: false },
)
