/** A command on a terminal in a container. */
import type { TerminalSize } from '../domain/terminal/terminal.ts'

export interface ShellRequest {
  /** Name of the account that the command runs as, with its groups; never root. */
  readonly user: string
  readonly command: readonly string[]
  /** The terminal has this size before the command starts. */
  readonly size: TerminalSize
  /** Until the command has started. */
  readonly timeoutMs: number
}

/** A running command. It does not end with this connection; to end it, signal its processes. */
export interface Shell {
  /**
   * The terminal: writing is typing, reading returns output. Output that is not read stays in the container, and the
   * command blocks when it writes more. Ends when the command ends, at once when the container is killed. Never emits
   * an error.
   */
  readonly stream: NodeJS.ReadWriteStream
  /** Does nothing if the command has ended. `engine_unavailable`. */
  resize(size: TerminalSize): Promise<void>
  /** Resolves when the command has ended, with its exit code; null when that is unknown, as after `close`. */
  readonly ended: Promise<number | null>
  /** Closes the connection. Later output of the command is lost. */
  close(): void
}
