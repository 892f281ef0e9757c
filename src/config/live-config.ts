import type { Config } from './config.ts'

/**
 * The settings in use. A reload replaces all of them at once, so read a setting from `current` at each use.
 */
export class LiveConfig {
  current: Config

  constructor(initial: Config) {
    this.current = initial
  }
}
