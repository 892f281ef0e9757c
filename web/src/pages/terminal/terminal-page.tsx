/** A terminal alone in its window. */
import { useState } from 'react'
import { Link, useParams, useSearchParams } from 'wouter'
import { useTerminals } from '../../api/terminals.ts'
import { Loading } from '../../parts/page.tsx'
import { EndWarnings } from '../../terminal/ending/end-warning.tsx'
import { TerminalView } from '../../terminal/view/terminal-view.tsx'
import { useF6 } from '../../terminal/view/use-f6.ts'
import { useVisibleHeight } from '../../terminal/view/use-visible-height.ts'
import styles from './terminal-page.module.css'
import { useTitle } from './use-title.ts'

export function TerminalPage() {
  const { name } = useParams<{ name: string }>()
  const open = useTerminals()
  const [query, setQuery] = useSearchParams()
  useTitle(name)
  useF6()
  useVisibleHeight()
  const wanted = query.get('terminal')
  return (
    <main className={styles['window']}>
      <header id="main" tabIndex={-1} className={styles['head']}>
        <h1>{name}</h1>
        {/* In the header, so that the terminal below stays where it is. */}
        <div className={styles['warnings']}>
          <EndWarnings containers={[name]} />
        </div>
        <Link href="/">Overview</Link>
      </header>
      <Loading of={open} what="the open shells">
        {(terminals) => (
          <Only
            container={name}
            // The id is in the URL, so that a reload continues the same shell. Without one, any open shell counts.
            terminal={wanted ?? terminals.find(({ container }) => container === name)?.id ?? null}
            onShell={(terminal) => setQuery({ terminal }, { replace: true })}
          />
        )}
      </Loading>
    </main>
  )
}

function Only(props: {
  readonly container: string
  readonly terminal: string | null
  readonly onShell: (terminal: string) => void
}) {
  const { container, terminal, onShell } = props
  // The list changes while the terminal is shown; it goes on showing the same shell.
  const [first] = useState(terminal)
  return (
    <TerminalView container={container} terminal={first} shown focusKey="window" onShell={onShell} onOwnWindow={null} />
  )
}
