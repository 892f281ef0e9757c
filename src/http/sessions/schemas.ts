import { Nullable, NullableText, Type } from '../json-schema.ts'

const Role = Type.Enum(['admin', 'user'], { title: 'Role' })
const Way = Type.Enum(['token', 'oidc'], {
  title: 'SignInWay',
  description: 'With an API token, or at the identity provider',
})

const Signed = Type.Object({ name: Type.String(), role: Role }, { title: 'SignedIn' })
const OwnSession = Type.Object(
  {
    id: Type.String(),
    created_at: Type.String(),
    idle_until: Type.String({ description: 'When it ends unless it is used before' }),
    ends_at: Type.String({ description: 'When it ends at the latest' }),
  },
  { title: 'OwnSession' },
)

export const SessionState = Type.Object(
  {
    identity: Nullable(Signed, { description: 'null: the request has no valid token or session' }),
    auth: Nullable(
      Type.Enum(['none', 'session', 'token', 'oidc'], {
        title: 'SessionAuthentication',
        description: 'How this request is authenticated; session: with the cookie',
      }),
    ),
    ways: Type.Array(Way, { description: 'Ways to sign in; empty: this manager needs no sign-in' }),
    provider: NullableText({ description: 'Issuer of the identity provider; null without one' }),
    session: Nullable(OwnSession, { description: 'null: the request has no valid cookie' }),
  },
  { title: 'SessionState' },
)

export const SignInRequest = Type.Object(
  { token: Type.String({ description: 'An API token', minLength: 1, maxLength: 500 }) },
  { title: 'SignInRequest', additionalProperties: false },
)

export const BeginSignIn = Type.Object({
  return_to: Type.Optional(Type.String({ description: 'Path below /ui/ to open after the sign-in', maxLength: 2_000 })),
})

export const SessionId = Type.Object({ id: Type.String() })

const SessionView = Type.Object(
  {
    id: Type.String(),
    identity: Type.String(),
    role: Role,
    way: Way,
    token: NullableText({ description: 'Id of the API token; null with oidc' }),
    created_at: Type.String(),
    last_used_at: Type.String({ description: 'To the minute' }),
    ends_at: Type.String({ description: 'When it ends at the latest; 12 hours without use end it earlier' }),
    address: Type.String({ description: 'Address of the client that signed in' }),
    user_agent: Type.String(),
    current: Type.Boolean({ description: 'Whether this request has its cookie' }),
  },
  { title: 'Session' },
)

export const SessionList = Type.Object(
  { sessions: Type.Array(SessionView, { description: 'Newest first' }) },
  { title: 'SessionList' },
)

/** Answers without a body. */
export const Ended = Type.Null({ description: 'The session has ended; the answer has no body' })
export const Redirect = (description: string) => Type.Null({ description })
