/** Exits with 0 if the manager of this container serves, at the address of BERTH_LISTEN or of its berth.yml. */
import { localManagerUrl } from '../../src/cli/options/local-manager.ts'

const { ok } = await fetch(`${localManagerUrl(process.env)}/healthz`, { signal: AbortSignal.timeout(5_000) })
if (!ok) process.exitCode = 1
