import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { Log } from './core/ports.ts'

/** Lines for people on a terminal, JSON for everything else; on stderr, so that stdout stays readable. */
export function openLog(level: string, terminal: boolean): Log {
  const logger = terminal
    ? pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }))
    : pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }))
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
