import { Page } from '../../parts/page.tsx'

export function ContainersPage() {
  return <Page title="Containers">…</Page>
}
