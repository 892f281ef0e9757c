/** Figures and times as text: in legends, tables and on axes. */
import type { TimeWords } from '../../words/time.ts'

const DAY_MS = 86_400_000

/** Returns "5.7", "10" or "0.03": a number of containers or reservations, averaged. */
export function countText(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 2 : 1
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** Returns "178 ms", "2.3 s", "41 s", "2 min 05 s" or "1 h 12 min". */
export function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3_600) return pair(whole, 60, 'min', 's')
  return pair(Math.round(whole / 60), 60, 'h', 'min')
}

function pair(value: number, size: number, large: string, small: string): string {
  const rest = value % size
  return `${Math.floor(value / size)} ${large}${rest === 0 ? '' : ` ${String(rest).padStart(2, '0')} ${small}`}`
}

/** Returns the same for an axis, where there is little room: "0", "0.5 s", "2 min". */
export function secondsAxisText(seconds: number): string {
  if (seconds === 0) return '0'
  if (seconds < 1) return `${Number((seconds * 1_000).toPrecision(3))} ms`
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`
  if (seconds < 3_600) return `${Number((seconds / 60).toPrecision(3))} min`
  return `${Number((seconds / 3_600).toPrecision(3))} h`
}

/**
 * Returns texts for ticks of an axis of time, `increment` milliseconds apart. The first one
 * of each day names it.
 */
export function timeAxisTexts(
  ticks: readonly number[],
  increment: number,
  { timeZone, locale }: TimeWords,
): readonly string[] {
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone })
  const seconds = increment < 60_000 && { second: '2-digit' as const }
  const time = new Intl.DateTimeFormat(locale, {
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone },
    ...seconds,
  })
  let shown = ''
  return ticks.map((tick) => {
    const date = day.format(tick)
    if (increment >= DAY_MS) return date
    const isNamed = shown === date
    shown = date
    return isNamed ? time.format(tick) : `${time.format(tick)}\n${date}`
  })
}

/** Returns "14:00–14:15", with the day if that is not the day of `now`, and with seconds in short steps. */
export function stepText(at: number, stepMs: number, now: number, { timeZone, locale }: TimeWords): string {
  const date = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone })
  const time = new Intl.DateTimeFormat(locale, {
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone },
    ...(stepMs < 60_000 && { second: '2-digit' }),
  })
  const day = date.format(at)
  if (stepMs >= DAY_MS) return stepMs === DAY_MS ? day : `${day} – ${date.format(at + stepMs - 1)}`
  const span = `${time.format(at)}–${time.format(at + stepMs)}`
  return day === date.format(now) ? span : `${day} ${span}`
}

/** Returns "15 min", "2 h" or "30 s". */
export function stepLengthText(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ] as const
  const unit = units.find(([size]) => seconds % size === 0)
  return unit ? `${seconds / unit[0]} ${unit[1]}` : `${seconds} s`
}
