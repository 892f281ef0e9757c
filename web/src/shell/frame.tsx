/** The frame of every page: navigation on the left, live state and main action at the top. */
import { ActionIcon, Button } from '@mantine/core'
import { Menu as MenuIcon, Search } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useShortcut } from '../keyboard/shortcuts.tsx'
import { useLiveStatus } from '../live/live.tsx'
import { ProblemsButton } from '../notices/problems-button.tsx'
import { LiveAnnouncement, LiveChip } from './live-chip.tsx'
import { Account } from './account.tsx'
import { ColorSchemeButton } from './color-scheme-button.tsx'
import { Nav } from './nav.tsx'
import { Palette } from './palette.tsx'
import { ShortcutHelp } from './shortcut-help.tsx'
import { SHOWN_TERMINAL } from '../terminal/view/use-f6.ts'
import { useLostFocus } from './use-lost-focus.ts'
import styles from './frame.module.css'

export function Frame({ children }: { readonly children: ReactNode }) {
  const [location, navigate] = useLocation()
  const [menu, setMenu] = useState(false)
  const [palette, setPalette] = useState(false)
  const [help, setHelp] = useState(false)
  const { kind } = useLiveStatus()
  // Closing the drawer goes back to this page.
  const reserve = () => location === '/reserve' || navigate('/reserve', { state: { from: location } })
  useShortcut('r', 'Reserve', reserve)
  useShortcut('Ctrl+K', 'Search pages, containers, reservations, actions', () => setPalette(true))
  useShortcut('?', 'Show the shortcuts', () => setHelp(true))
  const main = useFocusOnNavigation(location)
  useLostFocus()
  return (
    <div className={styles['frame']} data-stale={kind === 'stale' || undefined}>
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <header className={styles['header']}>
        <ActionIcon
          className={styles['burger'] ?? ''}
          aria-label="Pages"
          aria-expanded={menu}
          onClick={() => setMenu(!menu)}
        >
          <MenuIcon size={18} aria-hidden />
        </ActionIcon>
        <Link href="/" className={styles['brand'] ?? ''}>
          Berth
        </Link>
        <LiveChip />
        <LiveAnnouncement />
        <div className={styles['right']}>
          <ProblemsButton />
          <Account />
          <ActionIcon aria-label="Search (Ctrl+K)" title="Search (Ctrl+K)" onClick={() => setPalette(true)}>
            <Search size={16} aria-hidden />
          </ActionIcon>
          <ColorSchemeButton />
          <Button variant="filled" onClick={reserve} title="Reserve (r)">
            Reserve
          </Button>
        </div>
      </header>
      <div className={styles['rail']} data-open={menu || undefined}>
        <Nav onNavigate={() => setMenu(false)} />
      </div>
      <main id="main" tabIndex={-1} ref={main} className={styles['main']}>
        {children}
      </main>
      <Palette opened={palette} onClose={() => setPalette(false)} />
      <ShortcutHelp opened={help} onClose={() => setHelp(false)} />
    </div>
  )
}

/** Moves the focus to a new page, so that a screen reader reads its heading, as after a page load. */
function useFocusOnNavigation(location: string) {
  const main = useRef<HTMLElement>(null)
  const before = useRef(location)
  useEffect(() => {
    if (before.current === location) return
    const isFromDrawer = before.current === '/reserve'
    before.current = location
    // The drawer for reserving takes the focus, and gives it back to the terminal or to the overview behind it.
    if (location === '/reserve') return
    const { activeElement } = document
    if (activeElement?.matches(SHOWN_TERMINAL) || (isFromDrawer && main.current?.contains(activeElement))) return
    main.current?.focus({ preventScroll: true })
  }, [location])
  return main
}
