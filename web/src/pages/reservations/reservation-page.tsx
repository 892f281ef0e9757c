import { Page } from '../../parts/page.tsx'

export function ReservationPage() {
  return <Page title="Reservation">…</Page>
}
