import { type Logger, pino } from 'pino'
import { escapeJson, forTerminal, linesForTerminal } from '../domain/text/foreign-text.ts'
import type { Log } from '../ports/log.ts'
import { openStderr } from './writer.ts'

/**
 * Opens the log: text on a terminal, JSON lines otherwise. Both go to stderr, so that stdout stays readable. The JSON
 * lines never wait for their reader.
 */
export async function openLog(level: string, terminal: boolean): Promise<Log> {
  // Loaded only on a terminal: a manager without one starts sooner.
  const pretty = terminal ? (await import('pino-pretty')).default : null
  if (pretty) {
    const lines = pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' })
    return fromPino(pino({ level }, { write: (line) => void lines.write(`${shownLine(line)}\n`) }))
  }
  const stderr = openStderr()
  const destination = { write: (line: string) => stderr.write(escapeJson(line)) }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  // Node prints it too, but loses what a reader that is behind has not taken.
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal(error, 'ended by an uncaught error'))
  return fromPino(logger)
}

/** Makes a line of JSON safe for a terminal: pino-pretty prints the texts in it as they are. */
function shownLine(line: string): string {
  const clean = (key: string, value: unknown) => {
    if (typeof value !== 'string') return value
    return key === 'stack' ? linesForTerminal(value) : forTerminal(value)
  }
  return JSON.stringify(JSON.parse(line), clean)
}

function fromPino(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
  }
}
