/** Shapes of the v1 API: one schema gives the type, the serialisation and the documentation. */
import { Type } from 'typebox'

const State = Type.Enum(['creating', 'ready', 'reserved', 'removing', 'broken'])

const ContainerView = Type.Object({
  name: Type.String(),
  pool: Type.String(),
  state: State,
  /** When it entered the state. RFC 3339, UTC. */
  since: Type.String(),
  generation: Type.Integer(),
  host: Type.String(),
  port: Type.Integer(),
  host_key: Type.Union([Type.String(), Type.Null()]),
  /** Failures in a row, and why the last attempt failed. */
  attempts: Type.Integer(),
  error: Type.Union([Type.String(), Type.Null()]),
})

const PoolView = Type.Object({
  name: Type.String(),
  size: Type.Integer(),
  image: Type.String(),
  /** PRETTY_NAME of what really runs there; null before the first container has answered. */
  os: Type.Union([Type.String(), Type.Null()]),
  memory_bytes: Type.Integer(),
  cpus: Type.Number(),
  pids: Type.Integer(),
  sudo: Type.Boolean(),
  /** How many containers are in each state. */
  containers: Type.Record(Type.String(), Type.Integer()),
})

export const PoolList = Type.Object({ pools: Type.Array(PoolView) })
export const ContainerList = Type.Object({ containers: Type.Array(ContainerView) })
