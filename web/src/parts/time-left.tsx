import { useNow } from '../live/clock.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { clockText, durationText, exactText } from '../words/time.ts'

/** Less than this is left: the text is amber. */
const SOON_MS = 10 * 60_000

/** "38 min · until 15:40", counting down by the manager's clock. `at` is RFC 3339. */
export function TimeLeft({ at, withEnd = true }: { readonly at: string; readonly withEnd?: boolean }) {
  const now = useNow()
  const words = useTimeWords()
  const end = Date.parse(at)
  const left = end - now
  return (
    <time dateTime={at} title={exactText(end, words)} className={left < SOON_MS ? 'soon' : undefined}>
      {left <= 0 ? 'ending' : durationText(left)}
      {withEnd && left > 0 && ` · until ${clockText(end, now, words)}`}
    </time>
  )
}

/** "4 min 09 s": how long something has lasted. */
export function TimeSince({ at }: { readonly at: string }) {
  const now = useNow()
  const words = useTimeWords()
  return (
    <time dateTime={at} title={exactText(Date.parse(at), words)}>
      {durationText(now - Date.parse(at))}
    </time>
  )
}

/** The exact time, for lists and the audit log. The tooltip has it in UTC, as the API writes it. */
export function ExactTime({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {exactText(Date.parse(at), useTimeWords())}
    </time>
  )
}

/** "15:40" today, "Mon 30 Nov 15:40" on other days; the exact time on hovering. */
export function ClockTime({ at }: { readonly at: string }) {
  const words = useTimeWords()
  return (
    <time dateTime={at} title={exactText(Date.parse(at), words)}>
      {clockText(Date.parse(at), useNow(), words)}
    </time>
  )
}
