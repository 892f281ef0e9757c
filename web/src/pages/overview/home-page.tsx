/** The overview, and over it the drawer for reserving: the overview stays as it is when the drawer comes and goes. */
import { lazy, Suspense } from 'react'
import { useRoute } from 'wouter'
import { OverviewPage } from './overview-page.tsx'

const ReserveDrawer = lazy(async () => ({
  default: (await import('../reserve/reserve-drawer.tsx')).ReserveDrawer,
}))

export function HomePage() {
  const [isReserving] = useRoute('/reserve')
  return (
    <>
      <OverviewPage />
      {isReserving && (
        <Suspense fallback={null}>
          <ReserveDrawer />
        </Suspense>
      )}
    </>
  )
}
