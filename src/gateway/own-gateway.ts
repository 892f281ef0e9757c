/** The gateway of a manager. */
import type { GatewayDeps } from '../usecases/gateway/gateway.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

interface Settings {
  readonly listen: string
  readonly alone: boolean
}

/** Returns the gateway; null if berth.yml wants none in a manager. */
export function openOwnGateway(settings: Settings | null, deps: Omit<GatewayDeps, 'isRegistered'>): OpenGateway | null {
  if (settings === null || settings.alone) return null
  // Managers always wait for each other.
  return openGateway({ ...deps, host: settings.listen, isRegistered: () => true })
}
