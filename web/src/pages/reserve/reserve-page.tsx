import { Page } from '../../parts/page.tsx'

export function ReservePage() {
  return <Page title="Reserve">…</Page>
}
