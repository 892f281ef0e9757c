import type { Reservation } from '../api/types.ts'
import type { Notices } from '../notices/notices.tsx'

type Ending = Pick<Reservation, 'expires_at'>

interface Extended extends Ending {
  /** Why the end is earlier than requested; null if it is not. */
  readonly clamped: string | null
}

/** Reports an extension. One that a maximum shortened is a problem, which stays until it is closed. */
export function reportExtension(
  notices: Notices,
  { before, after }: { readonly before: Ending; readonly after: Extended },
  texts: { readonly done: string; readonly unmoved: string; readonly earlier: string },
): void {
  const { clamped } = after
  if (clamped === null) notices.done(texts.done)
  else if (after.expires_at === before.expires_at) notices.problem(`Not extended: ${clamped}`, texts.unmoved)
  else notices.problem(texts.earlier, clamped)
}
