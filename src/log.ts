import { type Logger, pino } from 'pino'
import { systemClock } from './core/clock.ts'
import type { Log } from './core/ports.ts'
import { openStderr } from './stderr.ts'

/**
 * Lines for people on a terminal, JSON for everything else; on stderr, so that stdout stays readable. The JSON
 * waits for no reader.
 */
export async function openLog(level: string, terminal: boolean): Promise<Log> {
  // Loaded where there is a terminal: a manager without one starts sooner.
  const pretty = terminal ? (await import('pino-pretty')).default : null
  if (pretty) {
    return fromPino(
      pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' })),
    )
  }
  const logger = pino({ level, base: null, timestamp: timestamps() }, openStderr())
  // Node says it too, but does not wait for a reader who is behind: what it says then is lost.
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal(error, 'ended by an error that nobody caught'))
  return fromPino(logger)
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
