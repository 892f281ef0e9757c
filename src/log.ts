import { type Logger, pino } from 'pino'
import type { Log } from './core/ports.ts'

/** Bytes that wait for whoever reads them; what comes beyond them is dropped. */
const MOST_UNWRITTEN = 16 * 1024 ** 2

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
        { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
        pino.destination({ dest: 2, sync: false, maxLength: MOST_UNWRITTEN }),
      )
  return fromPino(logger)
}

function fromPino(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
  }
}
