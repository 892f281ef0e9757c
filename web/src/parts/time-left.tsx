import { useNow } from '../live/clock.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { clockText, durationText, exactText, leftText } from '../words/time.ts'

/** The text is amber when less than this is left. */
const SOON_MS = 10 * 60_000

interface TimeLeftProps {
  /** RFC 3339. */
  readonly at: string
  readonly withEnd?: boolean
  /** Text once that time has passed: "expired", "any moment". */
  readonly passed?: string
  /** Text before the duration, but not before `passed`: "in ". */
  readonly before?: string
  /** Word before the end. */
  readonly word?: 'until' | 'at'
}

/** Countdown by the manager's clock: "38 min · until 15:40". */
export function TimeLeft({ at, withEnd = true, passed = 'ending', before = '', word = 'until' }: TimeLeftProps) {
  const now = useNow()
  const words = useTimeWords()
  const end = Date.parse(at)
  const left = end - now
  return (
    <time dateTime={at} title={exactText(end, words)} className={left < SOON_MS ? 'soon' : undefined}>
      {leftText({ end, passed, before, word }, now, withEnd ? words : null)}
    </time>
  )
}

/** Countdown within a sentence, to a time that may be estimated: "in 38 min · at 15:40", then "any moment". */
export function TimeUntil(props: Pick<TimeLeftProps, 'at' | 'withEnd' | 'before'>) {
  return <TimeLeft withEnd={false} before="in " passed="any moment" word="at" {...props} />
}

/** Elapsed time since `at`: "4 min 09 s". */
export function TimeSince({ at }: { readonly at: string }) {
  const now = useNow()
  const words = useTimeWords()
  return (
    <time dateTime={at} title={exactText(Date.parse(at), words)}>
      {durationText(now - Date.parse(at))}
    </time>
  )
}

/** Exact time, for lists and the audit log. The tooltip has the time in UTC, as in the API. */
export function ExactTime({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {exactText(Date.parse(at), useTimeWords())}
    </time>
  )
}

/** Time of day: "15:40" today, "Mon 30 Nov 15:40" on other days. The tooltip has the exact time. */
export function ClockTime({ at }: { readonly at: string }) {
  const words = useTimeWords()
  return (
    <time dateTime={at} title={exactText(Date.parse(at), words)}>
      {clockText(Date.parse(at), useNow(), words)}
    </time>
  )
}
