import type { TSchema } from 'typebox'
import { Type } from '../json-schema.ts'

const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Role = Type.Enum(['admin', 'user'])
const Expiry = Nullable(Type.String({ description: 'null: it does not expire' }))

const Limits = Type.Object(
  {
    containers: Nullable(Type.Integer({ description: 'Most at once, over all reservations' })),
    duration_seconds: Nullable(Type.Number({ description: 'Longest that a reservation may last' })),
    pools: Nullable(Type.Array(Type.String(), { description: 'Those that may be used' })),
  },
  { description: 'null: as much as the pools allow' },
)

const tokenFields = {
  id: Type.String({ description: 'The part of the token that is no secret' }),
  name: Type.String(),
  role: Role,
  created_at: Type.String(),
  expires_at: Expiry,
  limits: Limits,
}

export const TokenId = Type.Object({ id: Type.String() })
export const TokenList = Type.Object({
  tokens: Type.Array(Type.Object(tokenFields), { description: 'Oldest first' }),
})
/** Only its maker ever sees `token`. */
export const MadeToken = Type.Object({
  ...tokenFields,
  token: Type.String({ description: 'For the header "Authorization: Bearer …"; shown in this answer only' }),
})
export const DeletedToken = Type.Object({ id: Type.String(), deleted: Type.Literal(true) })

export const Me = Type.Object({
  name: Type.String({ description: 'Who owns what is reserved' }),
  role: Role,
  auth: Type.Enum(['none', 'token', 'oidc'], { description: 'How they are known' }),
  expires_at: Expiry,
  limits: Limits,
  containers_held: Type.Integer({
    description: 'What counts against limits.containers, those still waited for included',
  }),
})
