/** The manager as a client of the identity provider (OpenID Connect, authorization code with PKCE). */
import * as oidc from 'openid-client'
import type { Clock } from '../../../ports/clock.ts'
import { isSecureUrl } from '../../../domain/text/loopback.ts'

/** Deadline of a request to the provider, in seconds. */
const DEADLINE_S = 5
/** The provider's metadata is read again after this time, when the next person signs in. */
const METADATA_KEPT_MS = 3_600_000

export interface ClientSettings {
  readonly issuer: string
  readonly clientId: string
  /** null: a public client. */
  readonly clientSecret: string | null
  readonly clock: Clock
}

/** Returns a function for the client with the provider's current metadata. Throws if the metadata cannot be read. */
export function createClient({ issuer, clientId, clientSecret, clock }: ClientSettings) {
  let known: { readonly client: oidc.Configuration; readonly until: number } | null = null

  return async (): Promise<oidc.Configuration> => {
    if (known && clock() < known.until) return known.client
    const isPlain = new URL(issuer).protocol === 'http:'
    const client = await oidc.discovery(new URL(issuer), clientId, undefined, authenticationOf(clientSecret), {
      timeout: DEADLINE_S,
      // berth.yml allows plain HTTP only for this machine.
      execute: isPlain ? [oidc.allowInsecureRequests] : [],
    })
    const { authorization_endpoint: authorization = '', token_endpoint: token = '' } = client.serverMetadata()
    for (const endpoint of [authorization, token]) {
      if (!isSecureUrl(endpoint)) throw new Error('its endpoints are neither HTTPS nor on this machine')
    }
    known = { client, until: clock() + METADATA_KEPT_MS }
    return client
  }
}

/** Every provider accepts HTTP Basic from a client with a secret (RFC 6749, 2.3.1), unless its metadata excludes it. */
function authenticationOf(secret: string | null): oidc.ClientAuth {
  if (secret === null) return oidc.None()
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)]
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server
    const onlyPost = !methods.includes('client_secret_basic') && methods.includes('client_secret_post')
    return (onlyPost ? post : basic)(server, client, body, headers)
  }
}
