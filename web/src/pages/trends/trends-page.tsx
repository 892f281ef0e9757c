import { Page } from '../../parts/page.tsx'

export function TrendsPage() {
  return <Page title="Trends">…</Page>
}
