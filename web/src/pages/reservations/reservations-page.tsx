import { Page } from '../../parts/page.tsx'

export function ReservationsPage() {
  return <Page title="Reservations">…</Page>
}
