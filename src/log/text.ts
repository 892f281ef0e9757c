/** Formats log events as text for a person who watches the manager. */
import { styleText } from 'node:util'
import { forTerminal, linesForTerminal } from '../domain/text/foreign-text.ts'

/** In rising order. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type Level = (typeof LEVELS)[number]

interface LogEvent {
  readonly level: Level
  readonly message: string
  readonly fields?: object | undefined
  /** Epoch milliseconds. */
  readonly at: number
}

interface TextOptions {
  readonly hasColors: boolean
  /** Whether the fields are shown, too. Messages are complete without them. */
  readonly showsFields: boolean
}

/** Maximum number of characters of a field. Only the JSON format has longer values in full. */
const MAX_VALUE_LENGTH = 80

/** Labels of the levels. Most lines are info, and need none. */
const LABELS: Readonly<Record<Level, string>> = { debug: 'debug ', info: '', warn: 'warning ', error: 'error ' }
const COLORS = { debug: 'dim', info: 'reset', warn: 'yellow', error: 'red' } as const

/**
 * Returns the line of an event: local time, level, message, and the reason if there is one. A stack trace follows on
 * lines of its own.
 */
export function textLine({ level, message, fields = {}, at }: LogEvent, options: TextOptions): string {
  const { reason, stack, ...others } = fields as Readonly<Record<string, unknown>>
  const label = LABELS[level]
  const shownLabel =
    options.hasColors && label !== '' ? styleText(COLORS[level], label, { validateStream: false }) : label
  const because = typeof reason === 'string' && reason !== '' ? `: ${forTerminal(reason)}` : ''
  const details = options.showsFields ? Object.entries(others).map(([key, value]) => ` ${key}=${shown(value)}`) : []
  const lines = typeof stack === 'string' ? linesForTerminal(stack).split(/\r?\n/) : []
  const trace = lines.map((line) => `    ${line}\n`).join('')
  return `${timeOfDay(at)} ${shownLabel}${forTerminal(message)}${because}${details.join('')}\n${trace}`
}

function shown(value: unknown): string {
  const text = forTerminal(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text
}

/** "17:17:06", in the machine's time zone. */
function timeOfDay(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}
