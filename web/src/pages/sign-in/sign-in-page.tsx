/** The sign-in with an API token or at the identity provider. Then the requested page opens. */
import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiError } from '../../../../src/client/client.ts'
import { useSession, useSignIn } from '../../api/session.ts'
import { keepReturnPath, returnPath } from './return-path.ts'
import { failureText, providerName } from './sign-in-text.ts'
import styles from './sign-in.module.css'

export function SignInPage({ before }: { readonly before: string | null }) {
  const { data: session } = useSession()
  const failure = failureText(new URLSearchParams(location.search).get('error'))
  useEffect(() => {
    document.title = 'Sign in · Berth'
  }, [])
  const ways = session?.ways ?? []
  return (
    <main className={styles['page']}>
      <h1>Sign in to Berth</h1>
      {before !== null && (
        <p role="status">Your session as {before} has ended. Sign in again to return to the same page.</p>
      )}
      {failure !== null && (
        <p role="alert" className="needs-person">
          {failure}
        </p>
      )}
      {ways.includes('oidc') && (
        <Button
          component="a"
          variant="filled"
          href={`/v1/session/oidc?${new URLSearchParams({ return_to: returnPath() })}`}
          onClick={keepReturnPath}
        >
          Sign in with {providerName(session?.provider ?? null)}
        </Button>
      )}
      {ways.includes('token') && <TokenField />}
    </main>
  )
}

const MISSING = 'Enter an API token.'

function TokenField() {
  const [token, setToken] = useState('')
  const [isMissing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const signIn = useSignIn()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (signIn.isPending) return
    if (token.trim() !== '') return signIn.mutate(token)
    signIn.reset()
    setMissing(true)
    field.current?.focus()
  }
  const error = isMissing ? MISSING : signIn.error && refusal(signIn.error)
  return (
    <form onSubmit={submit} className={styles['form']}>
      <PasswordInput
        ref={field}
        label="API token"
        description="Starts with berth_. An admin can create one, here or with “berth token create”."
        // Browsers should not store the token as a password: the session replaces it.
        autoComplete="off"
        autoFocus
        spellCheck={false}
        value={token}
        onChange={(event) => {
          setMissing(false)
          setToken(event.currentTarget.value)
        }}
        error={error}
        aria-invalid={error !== null || undefined}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
      />
      <Button type="submit" variant="filled" aria-disabled={signIn.isPending}>
        {signIn.isPending ? 'signing in …' : 'Sign in'}
      </Button>
      <p className="secondary">
        The token is sent once and is not kept in this browser. A cookie replaces it, which expires after 12 hours
        without use, or after 7 days.
      </p>
    </form>
  )
}

/** Returns what is wrong with the token, in the words of the manager. */
function refusal(error: Error): string {
  const [violation] = error instanceof ApiError ? error.violations : []
  return violation ? `${violation.path} ${violation.message}` : error.message
}
