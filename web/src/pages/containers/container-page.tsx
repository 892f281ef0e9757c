import { Page } from '../../parts/page.tsx'

export function ContainerPage() {
  return <Page title="Container">…</Page>
}
