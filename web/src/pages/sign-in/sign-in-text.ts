/** What the page for signing in says. */

const FAILURES: Readonly<Record<string, string>> = {
  expired: 'The sign-in took too long, was already finished, or was started in another browser. Try again.',
  denied: 'The identity provider did not sign you in: you, or it, said no.',
  unavailable: 'The identity provider does not answer. Try it later, or sign in with an API token.',
  not_allowed: 'The identity provider knows you, but this manager does not let you in. An admin can say who may.',
  failed: 'The identity provider and the manager did not understand each other. The log of the manager says why.',
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
