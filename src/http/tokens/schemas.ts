import { Nullable, Type } from '../json-schema.ts'

const Role = Type.Enum(['admin', 'user'], { title: 'Role' })
const Expiry = Nullable(Type.String({ description: 'null: it does not expire' }))

const Limits = Type.Object(
  {
    containers: Nullable(Type.Integer({ description: 'Most at once, over all reservations' })),
    duration_seconds: Nullable(Type.Number({ description: 'Longest that a reservation may last' })),
    pools: Nullable(Type.Array(Type.String(), { description: 'Those that may be used' })),
  },
  { title: 'TokenLimits', description: 'null: as much as the pools allow' },
)

const tokenFields = {
  id: Type.String({ description: 'Public part of the token' }),
  name: Type.String(),
  role: Role,
  created_at: Type.String(),
  expires_at: Expiry,
  last_used_at: Nullable(Type.String(), { description: 'To the minute; null: never' }),
  limits: Limits,
}

export const TokenId = Type.Object({ id: Type.String() })
export const TokenView = Type.Object(tokenFields, { title: 'Token' })
export const TokenList = Type.Object(
  {
    tokens: Type.Array(TokenView, { description: 'Oldest first' }),
  },
  { title: 'TokenList' },
)
/** `token` is shown only here. */
export const MadeToken = Type.Object(
  {
    ...tokenFields,
    token: Type.String({ description: 'For the header "Authorization: Bearer …"; shown in this answer only' }),
  },
  { title: 'CreatedToken' },
)
export const DeletedToken = Type.Object({ id: Type.String(), deleted: Type.Literal(true) }, { title: 'DeletedToken' })

export const Me = Type.Object(
  {
    name: Type.String({ description: "Owner of the caller's reservations" }),
    role: Role,
    auth: Type.Enum(['none', 'token', 'oidc'], {
      title: 'Authentication',
      description: 'How the caller was authenticated',
    }),
    expires_at: Expiry,
    limits: Limits,
    containers_held: Type.Integer({
      description: 'Number of containers that count against limits.containers, including those of waiting reservations',
    }),
  },
  { title: 'Identity' },
)

/** What depends on the time and the pools is checked by the use case. */
export const WantedToken = Type.Object(
  {
    name: Type.String({
      description: 'Owner of the reservations; a new token with the same name has them, too',
    }),
    role: Type.Optional(Type.Enum(['admin', 'user'], { title: 'Role', default: 'user' })),
    expires_in: Type.Optional(
      Type.String({ description: 'Like "90d". Without this and expires_at it does not expire' }),
    ),
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
    limits: Type.Optional(
      Type.Object(
        {
          containers: Type.Optional(Type.Integer({ minimum: 0, description: 'Most at once' })),
          duration: Type.Optional(Type.String({ description: 'Longest that a reservation may last, like "8h"' })),
          pools: Type.Optional(Type.Array(Type.String(), { description: 'Those that may be used; all when left out' })),
        },
        { title: 'TokenLimitsRequest', additionalProperties: false },
      ),
    ),
  },
  { title: 'TokenRequest', additionalProperties: false },
)
