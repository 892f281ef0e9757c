/** Texts of the sign-in page. */

const FAILURES: Readonly<Record<string, string>> = {
  expired: 'The sign-in took too long, was already finished, or was started in another browser. Try again.',
  denied: 'The sign-in was cancelled, or denied by the identity provider.',
  unavailable: 'The identity provider does not answer. Try again later, or sign in with an API token.',
  not_allowed: 'You are known to the identity provider, but not allowed to use this manager. Ask an admin.',
  failed: 'The sign-in at the identity provider failed. See the log of the manager.',
}

/** Returns why a sign-in at the identity provider failed; null without an error. */
export function failureText(error: string | null): string | null {
  if (error === null) return null
  return (Object.hasOwn(FAILURES, error) ? FAILURES[error] : FAILURES['failed']) ?? null
}

/** Returns the host of the identity provider, for the button; its address if it is not one. */
export function providerName(issuer: string | null): string {
  if (issuer === null) return 'the identity provider'
  return URL.parse(issuer)?.host ?? issuer
}
