/** The page that opens after a sign-in: the requested one. */

const DASHBOARD = '/ui/'
const SIGN_IN = '/ui/sign-in'
/** The identity provider sends the browser back to the sign-in page if it failed; the page is remembered over that. */
const KEPT = 'berth-return-to'

/** Returns the path of the requested page, which starts with "/ui/". */
export function returnPath(): string {
  const { pathname, search, hash } = location
  if (pathname !== SIGN_IN && pathname.startsWith(DASHBOARD)) return `${pathname}${search}${hash}`
  const kept = sessionStorage.getItem(KEPT)
  return kept?.startsWith(DASHBOARD) && kept !== SIGN_IN ? kept : DASHBOARD
}

export function keepReturnPath(): void {
  sessionStorage.setItem(KEPT, returnPath())
}
