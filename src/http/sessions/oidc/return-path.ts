/** Where a browser goes after its sign-in: only to a page of the dashboard. */
import { invalidRequest } from '../../../domain/errors.ts'
import { gotText } from '../../../domain/text/got.ts'

const DASHBOARD = '/ui/'
/** Stands for the manager's address, which the path must not leave. */
const HERE = 'http://manager.invalid'

/** Returns the path as a browser would resolve it. `invalid_request` for anything that leads elsewhere. */
export function readReturnPath(text = DASHBOARD): string {
  const url = text.startsWith('/') ? URL.parse(text, HERE) : null
  if (url?.origin === HERE && url.pathname.startsWith(DASHBOARD)) return `${url.pathname}${url.search}${url.hash}`
  throw invalidRequest([{ path: 'return_to', message: `must be a path below ${DASHBOARD}${gotText(text)}` }])
}
