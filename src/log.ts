import { type DestinationStream, type Logger, pino } from 'pino'
import { systemClock } from './core/clock.ts'
import type { Log } from './core/ports.ts'

/** Bytes that wait for whoever reads them; what comes beyond them is dropped. */
const MOST_UNWRITTEN = 16 * 1024 ** 2
/** Milliseconds in which lines are gathered, and how long they get: to write one costs as much as to say several. */
const GATHERED = 10
const MOST_GATHERED = 8 * 1024

/**
 * Lines for people on a terminal, JSON for everything else; on stderr, so that stdout stays readable. The JSON
 * is written beside everything else, and at last when the process ends: a reader that has stopped holds nothing up.
 */
export async function openLog(level: string, terminal: boolean): Promise<Log> {
  // Loaded where there is a terminal: a manager without one starts sooner.
  const pretty = terminal ? (await import('pino-pretty')).default : null
  const logger = pretty
    ? pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }))
    : pino(
        { level, base: null, timestamp: timestamps() },
        gathered(pino.destination({ dest: 2, sync: false, maxLength: MOST_UNWRITTEN })),
      )
  return fromPino(logger)
}

/** The first line waits for the others, and the process for all of them; while there are none, nothing happens. */
function gathered(destination: DestinationStream): DestinationStream {
  let lines = ''
  const writeAll = () => {
    if (lines !== '') destination.write(lines)
    lines = ''
  }
  // Before pino's own listener, which closes the destination.
  process.prependListener('exit', writeAll)
  return {
    write(line) {
      if (lines === '') setTimeout(writeAll, GATHERED)
      lines += line
      if (lines.length > MOST_GATHERED) writeAll()
    },
  }
}

/** As pino's own in ISO 8601; a manager that has much to do writes many lines in a millisecond, and their time is written out once. */
function timestamps(): () => string {
  let latest = Number.NaN
  let text = ''
  return () => {
    const now = systemClock()
    if (now !== latest) text = `,"time":"${new Date(now).toISOString()}"`
    latest = now
    return text
  }
}

function fromPino(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
  }
}
