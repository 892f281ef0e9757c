import { Page } from '../../parts/page.tsx'

export function MePage() {
  return <Page title="Me and settings">…</Page>
}
