/** The path of each page below /ui, and its code, which is loaded when the page is opened. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react'
import { HomePage } from './pages/overview/home-page.tsx'

type PageComponent = ComponentType | LazyExoticComponent<ComponentType>

/** The overview is part of the first load. */
export const ROUTES: readonly (readonly [path: string | RegExp, page: PageComponent])[] = [
  // One page for both paths, so that the overview stays behind the drawer for reserving.
  [/^\/(?:reserve)?\/?$/, HomePage],
  ['/pools/:name', lazy(async () => ({ default: (await import('./pages/pools/pool-page.tsx')).PoolPage }))],
  [
    '/containers',
    lazy(async () => ({ default: (await import('./pages/containers/containers-page.tsx')).ContainersPage })),
  ],
  [
    '/containers/:name',
    lazy(async () => ({ default: (await import('./pages/containers/container-page.tsx')).ContainerPage })),
  ],
  [
    '/reservations',
    lazy(async () => ({ default: (await import('./pages/reservations/reservations-page.tsx')).ReservationsPage })),
  ],
  [
    '/reservations/:id',
    lazy(async () => ({ default: (await import('./pages/reservations/reservation-page.tsx')).ReservationPage })),
  ],
  ['/trends', lazy(async () => ({ default: (await import('./pages/trends/trends-page.tsx')).TrendsPage }))],
  ['/usage', lazy(async () => ({ default: (await import('./pages/usage/usage-page.tsx')).UsagePage }))],
  ['/events', lazy(async () => ({ default: (await import('./pages/events/events-page.tsx')).EventsPage }))],
  ['/tokens', lazy(async () => ({ default: (await import('./pages/tokens/tokens-page.tsx')).TokensPage }))],
  ['/sessions', lazy(async () => ({ default: (await import('./pages/sessions/sessions-page.tsx')).SessionsPage }))],
  ['/me', lazy(async () => ({ default: (await import('./pages/me/me-page.tsx')).MePage }))],
]

/** Pages without the frame. */
export const TerminalPage = lazy(async () => ({
  default: (await import('./pages/terminal/terminal-page.tsx')).TerminalPage,
}))
export const SignInPage = lazy(async () => ({
  default: (await import('./pages/sign-in/sign-in-page.tsx')).SignInPage,
}))
