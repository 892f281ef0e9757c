import { Page } from '../../parts/page.tsx'

export function TerminalPage() {
  return <Page title="Terminal">…</Page>
}
