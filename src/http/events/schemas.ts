/** Shapes of events. */
import { EVENT_KINDS } from '../../domain/event.ts'
import { Nullable, NullableText, Type } from '../json-schema.ts'

const Kind = Type.Enum([...EVENT_KINDS], { title: 'EventKind' })

export const EventView = Type.Object(
  {
    id: Type.Integer({ description: 'Grows with every event; there may be gaps' }),
    at: Type.String(),
    kind: Kind,
    by: Type.String({ description: 'Name of the identity that wanted it; "berth" for the manager itself' }),
    pool: NullableText(),
    container: NullableText(),
    generation: Nullable(Type.Integer()),
    reservation: NullableText(),
    owner: NullableText({ description: 'Whose reservation it concerns' }),
    username: NullableText(),
    detail: NullableText({ description: 'For people: an outcome, a reason, a new size' }),
  },
  { title: 'Event' },
)

export const EventList = Type.Object(
  {
    events: Type.Array(EventView),
    next: Nullable(Type.Integer(), { description: '"after" of the next page; null at the end' }),
  },
  { title: 'EventList' },
)

export const ListEvents = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only those with a higher id' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    tail: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'Only the latest of them, that many; instead of limit' }),
    ),
    live: Type.Optional(
      Type.Boolean({
        description: 'Also sends the time of the manager and the counts of all pools; only for a stream',
      }),
    ),
    kind: Type.Optional(Kind),
    pool: Type.Optional(Type.String()),
    container: Type.Optional(Type.String()),
    reservation: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
