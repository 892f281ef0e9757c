/** Documentation of the simple API. `query.ts` validates its parameters, in its own words. */
import { NullableText, Type } from '../json-schema.ts'
import { IfNoneMatch, NotModified } from '../etag.ts'
import { docsOnly } from '../docs/docs-only.ts'
import { errorMessage } from '../errors/error-message.ts'

const tags = ['simple API']
const names = (description: string) => Type.Array(Type.String(), { description })

const UNREADABLE = errorMessage('A parameter is wrong; says which, what was wrong and what is allowed')
/** Where a token is needed. */
const NOT_ADMITTED = {
  401: errorMessage('There is no token, or an invalid one'),
  429: errorMessage("Too many requests, or more than the token's limits allow"),
}
const NO_ENGINE = errorMessage('The container engine does not answer, or a command in a container failed; try again')
const NO_POOL = errorMessage(
  'The container engine does not answer, a command in a container failed, or the pool cannot lend any container; ' +
    'says why',
)

const Lent = Type.Object(
  {
    container: Type.String(),
    host: Type.String(),
    port: Type.Integer(),
    host_key: Type.String({ description: 'Fingerprint of its SSH host key, as ssh shows it' }),
    known_hosts: NullableText({ description: 'Its line of known_hosts, for this host and port' }),
  },
  { title: 'SimpleContainer' },
)

const Reserved = Type.Object(
  {
    status: Type.Literal('success'),
    message: Type.String(),
    username: Type.String(),
    password: Type.String(),
    containers: Type.Array(Lent),
    reserved_until: Type.String({ format: 'date-time' }),
    duration_minutes: Type.Number(),
  },
  { title: 'SimpleReservation', description: 'The account works in every one of these containers' },
)

export const reserveDocument = docsOnly({
  tags,
  operationId: 'reserveContainers',
  summary: 'Reserve containers',
  description: 'Lowest free numbers first; all or nothing. Answers when the account works in every one of them.',
  querystring: Type.Object({
    username: Type.String({ minLength: 1, maxLength: 32, pattern: '^[A-Za-z_][A-Za-z0-9._-]*$' }),
    password: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description:
          'When left out: "test" while ssh.bind is a loopback address, else generated and shown in the answer',
      }),
    ),
    count: Type.Optional(Type.Integer({ minimum: 1, default: 1, description: "At most the pool's size" })),
    duration: Type.Optional(
      Type.Number({ minimum: 1, description: "Minutes; the pool's default when left out, and at most its maximum" }),
    ),
    pool: Type.Optional(Type.String({ description: 'The first of berth.yml when left out' })),
  }),
  response: {
    200: Reserved,
    400: UNREADABLE,
    ...NOT_ADMITTED,
    403: errorMessage('A browser followed a link; use curl, the command berth, or POST /v1/reservations'),
    409: errorMessage('Not enough containers are free; nothing was taken'),
    503: NO_POOL,
  },
})

export const releaseAllDocument = docsOnly({
  tags,
  operationId: 'releaseAllContainers',
  summary: 'End every reservation',
  description: 'Answers when no login is possible any more.',
  response: {
    200: Type.Object(
      { status: Type.Literal('success'), message: Type.String() },
      { title: 'AllReleased', description: 'No login is possible any more' },
    ),
    400: UNREADABLE,
    ...NOT_ADMITTED,
    403: errorMessage('Only an admin may do this, and no browser that follows a link'),
    503: NO_ENGINE,
  },
})

export const availableDocument = docsOnly({
  tags,
  operationId: 'listAvailableContainers',
  summary: 'What is free, and what is reserved',
  headers: IfNoneMatch,
  response: {
    200: Type.Object(
      { available: names('Ready to be reserved'), reserved: names('Reserved') },
      { title: 'AvailableContainers', description: 'Names of containers, alpine-2 before alpine-10' },
    ),
    304: NotModified,
    400: UNREADABLE,
    ...NOT_ADMITTED,
  },
})

const Row = Type.Object(
  {
    username: Type.String(),
    container: Type.String(),
    expiration_time: Type.String({ description: '"2026-11-23 14:30:00", in the time zone of the server' }),
    time_remaining: Type.String({ description: '"58.5 minutes remaining"' }),
  },
  { title: 'ActiveReservation' },
)

export const reservationsDocument = docsOnly({
  tags,
  operationId: 'listActiveReservations',
  summary: 'Active reservations, and the time that remains',
  headers: IfNoneMatch,
  response: {
    200: Type.Object(
      { reservations: Type.Array(Row) },
      { title: 'ActiveReservationList', description: 'One entry for each reserved container' },
    ),
    304: NotModified,
    400: UNREADABLE,
    ...NOT_ADMITTED,
  },
})
