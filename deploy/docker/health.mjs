/** Exits with 0 if the manager of this container serves, at the address of BERTH_LISTEN or of its berth.yml. */
import { readEnvironment } from '../../src/cli/environment.ts'
import { localManagerUrl } from '../../src/cli/options/local-manager.ts'

const { ok } = await fetch(`${localManagerUrl(readEnvironment().variables)}/healthz`, {
  signal: AbortSignal.timeout(5_000),
})
if (!ok) process.exitCode = 1
