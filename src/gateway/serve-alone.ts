/** Runs a gateway of its own until a signal ends it. */
import { reasonOf } from '../domain/errors.ts'
import type { AloneGateway } from './alone.ts'

/** Exit codes after a second signal: 128 and the number of the signal. */
const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

/** The first Ctrl-C or SIGTERM lets open connections end, for a while; a second one ends the process at once. */
export function serveAlone(gateway: AloneGateway): Promise<never> {
  let isStopping = false

  async function stop(): Promise<void> {
    isStopping = true
    gateway.log.info('the gateway accepts no further connections; a second signal ends it at once')
    try {
      await gateway.stop()
      process.exit(0)
    } catch (error) {
      gateway.log.error('the gateway cannot stop in order', { reason: reasonOf(error) })
      process.exit(1)
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT[signal])
      void stop()
    })
  }
  return new Promise(() => undefined)
}
