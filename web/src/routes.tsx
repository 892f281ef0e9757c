/** The path of each page below /ui, and its code, which is loaded when the page is opened. */
import type { ComponentType, LazyExoticComponent } from 'react'
import { HomePage } from './pages/overview/home-page.tsx'
import { lazyPart } from './loading/lazy-part.ts'

type PageComponent = ComponentType | LazyExoticComponent<ComponentType>

/** The overview is part of the first load. */
export const ROUTES: readonly (readonly [path: string | RegExp, page: PageComponent])[] = [
  // One page for both paths, so that the overview stays behind the drawer for reserving.
  [/^\/(?:reserve)?\/?$/, HomePage],
  ['/pools/:name', lazyPart(async () => (await import('./pages/pools/pool-page.tsx')).PoolPage)],
  ['/containers', lazyPart(async () => (await import('./pages/containers/containers-page.tsx')).ContainersPage)],
  ['/containers/:name', lazyPart(async () => (await import('./pages/containers/container-page.tsx')).ContainerPage)],
  [
    '/reservations',
    lazyPart(async () => (await import('./pages/reservations/reservations-page.tsx')).ReservationsPage),
  ],
  [
    '/reservations/:id',
    lazyPart(async () => (await import('./pages/reservations/reservation-page.tsx')).ReservationPage),
  ],
  ['/trends', lazyPart(async () => (await import('./pages/trends/trends-page.tsx')).TrendsPage)],
  ['/usage', lazyPart(async () => (await import('./pages/usage/usage-page.tsx')).UsagePage)],
  ['/events', lazyPart(async () => (await import('./pages/events/events-page.tsx')).EventsPage)],
  ['/nodes', lazyPart(async () => (await import('./pages/nodes/nodes-page.tsx')).NodesPage)],
  ['/tokens', lazyPart(async () => (await import('./pages/tokens/tokens-page.tsx')).TokensPage)],
  ['/sessions', lazyPart(async () => (await import('./pages/sessions/sessions-page.tsx')).SessionsPage)],
  ['/me', lazyPart(async () => (await import('./pages/me/me-page.tsx')).MePage)],
]

/** Pages without the frame. */
export const TerminalPage = lazyPart(async () => (await import('./pages/terminal/terminal-page.tsx')).TerminalPage)
export const SignInPage = lazyPart(async () => (await import('./pages/sign-in/sign-in-page.tsx')).SignInPage)
