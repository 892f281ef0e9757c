/** The manager's log: text for people, JSON for programs. Both go to stderr, so that stdout stays readable. */
import { pino } from 'pino'
import { escapeJson } from '../domain/text/foreign-text.ts'
import { systemClock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { LEVELS, type Level, textLine } from './text.ts'
import { type Lines, openStderr } from './writer.ts'

/** A log whose level can be changed while it is in use. */
export interface LeveledLog extends Log {
  setLevel(level: Level): void
}

/** Returns the format for a stream without a configured one: text on a terminal, JSON otherwise. */
export function formatFor({ isTTY }: { readonly isTTY: boolean }): 'text' | 'json' {
  return isTTY ? 'text' : 'json'
}

/** Opens the log. Writing a line never waits for its reader. */
export function openLog(level: Level, format: 'text' | 'json'): LeveledLog {
  return format === 'text' ? textLog(level, openStderr()) : jsonLog(level, openStderr())
}

function textLog(initial: Level, stderr: Lines): LeveledLog {
  const hasColors = process.stderr.isTTY && process.stderr.hasColors()
  let lowest = LEVELS.indexOf(initial)
  const writerOf = (level: Level) => (message: string, fields?: object) => {
    if (LEVELS.indexOf(level) < lowest) return
    const showsFields = LEVELS[lowest] === 'debug'
    stderr.write(textLine({ level, message, fields, at: systemClock() }, { hasColors, showsFields }))
  }
  return {
    debug: writerOf('debug'),
    info: writerOf('info'),
    warn: writerOf('warn'),
    error: writerOf('error'),
    setLevel(level) {
      lowest = LEVELS.indexOf(level)
    },
  }
}

function jsonLog(level: Level, stderr: Lines): LeveledLog {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = pino(options, { write: (line: string) => stderr.write(escapeJson(line)) })
  // Node prints it too, but loses what a reader that is behind has not taken.
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal(error, 'ended by an uncaught error'))
  return {
    debug: (message, fields) => logger.debug(fields, message),
    info: (message, fields) => logger.info(fields, message),
    warn: (message, fields) => logger.warn(fields, message),
    error: (message, fields) => logger.error(fields, message),
    setLevel(next) {
      logger.level = next
    },
  }
}
