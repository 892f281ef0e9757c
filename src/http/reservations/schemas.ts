/** Shapes of the v1 API: one schema gives the type, the serialisation and the documentation. */
import { Nullable, Type } from '../json-schema.ts'

/** RFC 3339, UTC. */
const Time = Type.String()
const ReservationState = Type.Enum(['waiting', 'preparing', 'active', 'ending', 'ended'])

/** What depends on the pool or on the image is checked by the use case. */
export const Reserve = Type.Object(
  {
    pool: Type.Optional(Type.String()),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    /** "90m", "2h", "1d" or ISO 8601. */
    duration: Type.Optional(Type.String()),
    username: Type.Optional(Type.String()),
    /** Without this and without keys a password is generated, and shown in the answer only. */
    password: Type.Optional(Type.String()),
    ssh_keys: Type.Optional(Type.Array(Type.String(), { maxItems: 16 })),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    /** Ended as abandoned after this long without a call of …/keepalive. */
    keepalive: Type.Optional(Type.String()),
    /** How long it may wait for containers when not enough are ready: "10m". */
    wait: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

export const Extend = Type.Object(
  {
    /** Added to the present end. */
    extend: Type.Optional(Type.String()),
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { additionalProperties: false },
)

export const ReservationId = Type.Object({ id: Type.String() })
export const LongPoll = Type.Object(
  {
    /** Seconds to wait for it to be active, or over. */
    wait: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })),
  },
  { additionalProperties: false },
)

export const ListReservations = Type.Object(
  {
    state: Type.Optional(ReservationState),
    /** Of an identity; users see their own only. */
    owner: Type.Optional(Type.String()),
    username: Type.Optional(Type.String()),
    pool: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    cursor: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

const reservationFields = {
  id: Type.String(),
  state: ReservationState,
  outcome: Nullable(Type.Enum(['released', 'expired', 'abandoned', 'failed', 'cancelled'])),
  /** Why it failed. */
  reason: Nullable(Type.String()),
  pool: Type.String(),
  /** Name of the identity that made it. */
  owner: Type.String(),
  username: Type.String(),
  /** How many containers were asked for. */
  count: Type.Integer(),
  note: Nullable(Type.String()),
  created_at: Time,
  /** Until when it waits, or waited, for containers. */
  wait_until: Nullable(Time),
  /**
   * While it waits: 1 is next. The estimate assumes no early release and no extension. `problem` says why the pool
   * cannot lend anything at the moment.
   */
  queue: Nullable(
    Type.Object({ position: Type.Integer(), estimated_start: Nullable(Time), problem: Nullable(Type.String()) }),
  ),
  /** When its time began. */
  active_at: Nullable(Time),
  expires_at: Nullable(Time),
  /** When it counts as abandoned without a further call of …/keepalive. */
  keepalive_until: Nullable(Time),
  ended_at: Nullable(Time),
  containers: Type.Array(
    Type.Object({
      name: Type.String(),
      host: Type.String(),
      port: Nullable(Type.Integer()),
      host_key: Nullable(Type.String()),
    }),
  ),
}

export const ReservationView = Type.Object(reservationFields)
/** `password` only where it was generated, and only here. */
export const ReservedView = Type.Object({ ...reservationFields, password: Type.Optional(Type.String()) })
/** `clamped` says why the end is not what was asked for. */
export const ExtendedView = Type.Object({ ...reservationFields, clamped: Nullable(Type.String()) })
export const ReservationList = Type.Object({
  reservations: Type.Array(ReservationView),
  /** Cursor of the next page. */
  next: Nullable(Type.String()),
})

/** Sent with a reserve, so that it can be sent again when its answer was lost. */
export const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: '1 to 255 visible ASCII characters, like a UUID' })),
})

export const ReleaseAll = Type.Object(
  { pool: Type.Optional(Type.String()), username: Type.Optional(Type.String()) },
  { additionalProperties: false },
)
/** Ids of what was ended. */
export const ReleasedList = Type.Object({ released: Type.Array(Type.String()) })
