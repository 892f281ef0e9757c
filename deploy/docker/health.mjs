/** Exits with 0 if the manager answers at the address in BERTH_LISTEN or berth.yml. */
import { readEnvironment } from '../../src/cli/environment.ts'
import { localManagerUrl } from '../../src/cli/options/local-manager.ts'

const { ok } = await fetch(`${localManagerUrl(readEnvironment().variables)}/healthz`, {
  signal: AbortSignal.timeout(5_000),
})
if (!ok) process.exitCode = 1
