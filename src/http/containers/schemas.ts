/** Shapes of containers. */
import { NullableText, Type } from '../json-schema.ts'
import { CONTAINER_STATES } from '../../domain/container.ts'

const ContainerState = Type.Enum([...CONTAINER_STATES], { title: 'ContainerState' })

export const ContainerView = Type.Object(
  {
    name: Type.String(),
    pool: Type.String(),
    state: ContainerState,
    since: Type.String({ description: 'When it entered the state; failed retries do not change it' }),
    generation: Type.Integer(),
    reservation: NullableText({
      description: 'Id of the reservation that holds it; users see only their own',
    }),
    host: Type.String(),
    port: Type.Integer(),
    host_key: NullableText({ description: 'Fingerprint of its SSH host key, as ssh shows it' }),
    known_hosts: NullableText({ description: 'Its line of known_hosts, for this host and port' }),
    attempts: Type.Integer({ description: 'Failures in a row' }),
    retry_at: NullableText({ description: 'When a broken one is tried again; null for others' }),
    error: NullableText({ description: 'Why the last attempt failed, or why the container was removed' }),
  },
  { title: 'Container' },
)
export const ContainerList = Type.Object({ containers: Type.Array(ContainerView) }, { title: 'ContainerList' })

export const ListContainers = Type.Object(
  { pool: Type.Optional(Type.String()), state: Type.Optional(ContainerState) },
  { additionalProperties: false },
)
