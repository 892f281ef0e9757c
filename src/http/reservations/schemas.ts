/** Shapes of the v1 API: one schema gives the type, the serialisation and the documentation. */
import { MAX_SSH_KEYS } from '../../domain/text/ssh-key.ts'
import { RESERVATION_STATES } from '../../domain/reservation.ts'
import { PASSWORD_STYLES } from '../../usecases/passwords/passwords.ts'
import { Nullable, NullableText, Type } from '../json-schema.ts'

const ReservationState = Type.Enum([...RESERVATION_STATES], { title: 'ReservationState' })

const MAX_NOTE_CHARACTERS = 500

/** What depends on the pool or on the image is checked by the use case. */
export const Reserve = Type.Object(
  {
    pool: Type.Optional(Type.String()),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    duration: Type.Optional(Type.String({ description: '"90m", "2h", "1d" or ISO 8601', examples: ['90m'] })),
    username: Type.Optional(Type.String()),
    password: Type.Optional(
      Type.String({
        description: 'Without this and without keys, a password is generated and shown in the answer only',
      }),
    ),
    password_style: Type.Optional(
      Type.Enum([...PASSWORD_STYLES], {
        title: 'PasswordStyle',
        description:
          'Generates a password, also beside keys: 20 random characters, or four words that can be typed. ' +
          'Not with password',
      }),
    ),
    ssh_keys: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: MAX_SSH_KEYS,
        description: 'Public keys, without options. Each text is one key or a whole file of them, with comment lines',
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: MAX_NOTE_CHARACTERS })),
    name: Type.Optional(
      Type.String({
        maxLength: 100,
        description:
          '1 to 32 characters a-z, 0-9 and "-", beginning with a letter; unique among your open reservations',
      }),
    ),
    keepalive: Type.Optional(
      Type.String({
        description: 'It ends as abandoned after this long without a call of …/keepalive',
        examples: ['5m'],
      }),
    ),
    wait: Type.Optional(
      Type.String({ description: 'How long it may wait for containers when not enough are ready', examples: ['10m'] }),
    ),
  },
  { title: 'ReserveRequest', additionalProperties: false },
)

export const Extend = Type.Object(
  {
    extend: Type.Optional(
      Type.String({ description: 'Added to the present end; instead of expires_at', examples: ['30m'] }),
    ),
    expires_at: Type.Optional(Type.String({ format: 'date-time', description: 'The new end; instead of extend' })),
    note: Type.Optional(
      Type.String({
        maxLength: MAX_NOTE_CHARACTERS,
        description: 'The new note, without extend and expires_at; an empty text removes it',
      }),
    ),
  },
  { title: 'ExtendRequest', additionalProperties: false },
)

export const PutOnHold = Type.Object(
  {
    duration: Type.String({
      description: 'How long it stays from now on; at most hold.max of the pool',
      examples: ['30m'],
    }),
  },
  { title: 'HoldRequest', additionalProperties: false },
)

export const ReservationId = Type.Object({ id: Type.String() })
export const LongPoll = Type.Object(
  {
    wait: Type.Optional(
      Type.Number({ minimum: 0, maximum: 60, description: 'Seconds to wait until it is active, or over' }),
    ),
  },
  { additionalProperties: false },
)

export const ListReservations = Type.Object(
  {
    state: Type.Optional(
      Type.Union([ReservationState, Type.String({ examples: ['active,waiting'] })], {
        description: 'One state, or several with commas between them',
      }),
    ),
    owner: Type.Optional(Type.String({ description: 'Name of an identity; users see only their own' })),
    username: Type.Optional(Type.String()),
    pool: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    cursor: Type.Optional(Type.String({ description: '"next" of the previous page' })),
  },
  { additionalProperties: false },
)

const reservationFields = {
  id: Type.String(),
  state: ReservationState,
  outcome: Nullable(
    Type.Enum(['released', 'expired', 'abandoned', 'failed', 'cancelled'], { title: 'ReservationOutcome' }),
  ),
  reason: NullableText({ description: 'Why it failed' }),
  pool: Type.String(),
  owner: Type.String({ description: 'Name of the identity that made it' }),
  username: Type.String(),
  count: Type.Integer({ description: 'Number of containers that were requested' }),
  note: NullableText(),
  name: NullableText({ description: 'Chosen by its owner, unique among their open reservations' }),
  created_at: Type.String(),
  wait_until: NullableText({ description: 'Until when it waits, or waited, for containers' }),
  queue: Nullable(
    Type.Object(
      {
        position: Type.Integer({ description: '1 is next' }),
        estimated_start: NullableText({ description: 'Assumes no early release and no extension' }),
        problem: NullableText({ description: 'Why the pool cannot lend anything at the moment' }),
      },
      { title: 'QueuePosition' },
    ),
    { description: 'null unless it is waiting' },
  ),
  active_at: NullableText({ description: 'When its time began' }),
  expires_at: NullableText(),
  keepalive_until: NullableText({
    description: 'When it counts as abandoned without a further call of …/keepalive',
  }),
  held_at: NullableText({ description: 'When it was put on hold with …/hold; null if it never was' }),
  ended_at: NullableText(),
  containers: Type.Array(
    Type.Object(
      {
        name: Type.String(),
        host: Type.String(),
        port: Nullable(Type.Integer()),
        host_key: NullableText({ description: 'Fingerprint of its SSH host key, as ssh shows it' }),
        known_hosts: NullableText({ description: 'Its line of known_hosts, for this host and port' }),
        tunnel: Type.Boolean({
          description: 'Whether clients should connect through GET /v1/containers/NAME/ssh, not to host and port',
        }),
        generation: Nullable(Type.Integer({ description: 'Differs for each container that has this name' })),
        ready: Type.Boolean({
          description: 'Whether the account works; false before, and while it is reset or replaced',
        }),
      },
      { title: 'ReservedContainer' },
    ),
  ),
}

export const ReservationView = Type.Object(reservationFields, { title: 'Reservation' })
export const ReservedView = Type.Object(
  {
    ...reservationFields,
    password: Type.Optional(Type.String({ description: 'Only if it was generated, and in this answer only' })),
  },
  { title: 'CreatedReservation' },
)
export const ExtendedView = Type.Object(
  {
    ...reservationFields,
    clamped: NullableText({ description: 'Why the end is not the requested one; null if it is' }),
  },
  { title: 'ExtendedReservation' },
)
export const ReservationList = Type.Object(
  {
    reservations: Type.Array(ReservationView),
    next: NullableText({ description: '"cursor" of the next page; null at the end' }),
  },
  { title: 'ReservationList' },
)

/** Sent with a reserve, so that it can be sent again when its answer was lost. */
export const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: '1 to 255 visible ASCII characters, like a UUID' })),
})

export const ReleaseAll = Type.Object(
  { pool: Type.Optional(Type.String()), username: Type.Optional(Type.String()) },
  { title: 'ReleaseRequest', additionalProperties: false },
)
export const ReleasedList = Type.Object(
  {
    released: Type.Array(Type.String(), { description: 'Ids of the reservations that were released' }),
  },
  { title: 'ReleasedList' },
)
