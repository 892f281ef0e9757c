import type { FastifyInstance } from 'fastify'
import { clientFileRoutes } from './client-files/routes.ts'
import { containerRoutes } from './containers/routes.ts'
import type { RouteContext } from './context.ts'
import { errorPageRoutes } from './errors/routes.ts'
import { eventRoutes } from './events/routes.ts'
import { knownHostsRoutes } from './known-hosts/routes.ts'
import { managerRoutes } from './managers/routes.ts'
import { nodeRoutes } from './nodes/routes.ts'
import { opsRoutes } from './ops/routes.ts'
import { poolRoutes } from './pools/routes.ts'
import { reloadRoutes } from './reload/routes.ts'
import { reservationRoutes } from './reservations/routes.ts'
import { seriesRoutes } from './series/routes.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { simpleRoutes } from './simple/routes.ts'
import { startPageRoutes } from './start-page/routes.ts'
import { terminalRoutes } from './terminals/routes.ts'
import { tokenRoutes } from './tokens/routes.ts'
import { uiRoutes } from './ui/routes.ts'
import { usageRoutes } from './usage/routes.ts'
import { webSocketRoutes } from './websockets/routes.ts'

/** Every resource, in the order of the OpenAPI document. A new one is a folder and a line here. */
export const ROUTES: readonly ((server: FastifyInstance, context: RouteContext) => void)[] = [
  simpleRoutes,
  poolRoutes,
  containerRoutes,
  reservationRoutes,
  terminalRoutes,
  webSocketRoutes,
  knownHostsRoutes,
  eventRoutes,
  usageRoutes,
  seriesRoutes,
  tokenRoutes,
  sessionRoutes,
  managerRoutes,
  nodeRoutes,
  reloadRoutes,
  opsRoutes,
  startPageRoutes,
  uiRoutes,
  clientFileRoutes,
  errorPageRoutes,
]
