/** Shapes of pools. */
import { Nullable, NullableText, Type } from '../json-schema.ts'
import { REACHES } from '../../domain/container.ts'

export const PoolView = Type.Object(
  {
    name: Type.String(),
    size: Type.Integer({ description: 'How many containers it should have now' }),
    configured_size: Type.Integer({ description: 'The size in berth.yml' }),
    ports: Type.Integer({ description: 'How many SSH ports it has: its greatest size' }),
    image: Type.String(),
    os: NullableText({
      description: 'PRETTY_NAME of what really runs there; null before the first container has answered',
    }),
    memory_bytes: Type.Integer(),
    shm_bytes: Type.Integer({ description: 'Maximum size of /dev/shm, which counts as memory' }),
    disk_bytes: Nullable(Type.Integer(), {
      description: 'Maximum size of the files that a container writes; null: no limit',
    }),
    cpus: Type.Number(),
    pids: Type.Integer(),
    sudo: Type.Boolean(),
    reach: Type.Enum([...REACHES], {
      title: 'Reach',
      description: 'What its containers can connect to; see docs/security.md',
    }),
    runtime: NullableText({ description: "OCI runtime; null: the engine's own choice" }),
    duration_default_seconds: Type.Number(),
    duration_max_seconds: Type.Number(),
    hold: Nullable(
      Type.Object(
        {
          max_seconds: Type.Number(),
          containers: Type.Integer({ description: 'How many containers may be on hold at once' }),
        },
        { title: 'HoldLimits' },
      ),
      { description: 'What may be put on hold after a failure; null: nothing' },
    ),
    containers: Type.Record(Type.String(), Type.Integer(), {
      description: 'How many containers are in each state, none left out',
    }),
    waiting: Type.Integer({ description: 'How many reservations wait in its queue' }),
    waiting_since: NullableText({
      description: 'When the oldest reservation in its queue was created; null: none waits',
    }),
    next_free_at: NullableText({
      description: 'When the next of its active reservations ends, unless it is extended; null: none is active',
    }),
    recycling_since: NullableText({
      description: 'When the oldest of its creating and removing containers entered that state; null: there is none',
    }),
    problem: NullableText({
      description: 'Why none of its containers can be lent, and none can be made; null while at least one works',
    }),
    oldest_unclean_seconds: Type.Number({
      description: 'For how long a container has been waiting to be destroyed, or has been broken; 0 when none is',
    }),
  },
  { title: 'Pool' },
)

export const PoolList = Type.Object({ pools: Type.Array(PoolView) }, { title: 'PoolList' })

export const Resize = Type.Object(
  {
    size: Nullable(Type.Integer({ minimum: 0 }), {
      description: 'At least what is reserved, at most the number of ports; null: as in berth.yml',
    }),
  },
  { title: 'ResizeRequest', additionalProperties: false },
)
