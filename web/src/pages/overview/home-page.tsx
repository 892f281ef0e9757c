/** The overview, and over it the drawer for reserving: the overview stays as it is when the drawer comes and goes. */
import { Suspense } from 'react'
import { useRoute } from 'wouter'
import { lazyPart } from '../../loading/lazy-part.ts'
import { OverviewPage } from './overview-page.tsx'

const ReserveDrawer = lazyPart(async () => (await import('../reserve/reserve-drawer.tsx')).ReserveDrawer)

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
