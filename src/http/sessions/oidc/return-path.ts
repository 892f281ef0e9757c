/** Where a browser goes after its sign-in: only pages of the dashboard. */
import { invalidRequest } from '../../../domain/errors.ts'
import { gotText } from '../../../domain/text/got.ts'

const DASHBOARD = '/ui/'
/** Placeholder for the manager's origin, which the path must not leave. */
const HERE = 'http://manager.invalid'
/** The path is in the sign-in cookie. Browsers drop cookies of more than 4,096 bytes. */
const MAX_CHARACTERS = 2_000

/** Returns the path as a browser would resolve it. `invalid_request` for anything that leads elsewhere. */
export function readReturnPath(text = DASHBOARD): string {
  const url = text.startsWith('/') ? URL.parse(text, HERE) : null
  if (url?.origin === HERE && url.pathname.startsWith(DASHBOARD)) {
    const path = `${url.pathname}${url.search}${url.hash}`
    if (path.length <= MAX_CHARACTERS) return path
    const message = `must have at most ${MAX_CHARACTERS} characters in percent-encoding, got ${path.length}`
    throw invalidRequest([{ path: 'return_to', message }])
  }
  throw invalidRequest([{ path: 'return_to', message: `must be a path below ${DASHBOARD}${gotText(text)}` }])
}
