import type { Config } from './config.ts'

/**
 * The settings in use. A reload replaces all of them at once; what uses a setting reads it from `current` each time.
 */
export class LiveConfig {
  current: Config

  constructor(initial: Config) {
    this.current = initial
  }
}
