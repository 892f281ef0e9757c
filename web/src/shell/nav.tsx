import {
  Box,
  ChartLine,
  Gauge,
  KeyRound,
  LayoutGrid,
  MonitorSmartphone,
  ScrollText,
  Server,
  Ticket,
  UserRound,
} from 'lucide-react'
import type { ComponentType } from 'react'
import { Link, useLocation } from 'wouter'
import { useMe } from '../api/lists.ts'
import { useShortcut } from '../keyboard/shortcuts.tsx'
import styles from './nav.module.css'

interface Entry {
  readonly path: string
  readonly label: string
  readonly keys: string
  readonly icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>
  /** Whether only admins may open it. */
  readonly isAdminOnly?: boolean
}

const ENTRIES: readonly Entry[] = [
  { path: '/', label: 'Overview', keys: 'g o', icon: LayoutGrid },
  { path: '/reservations', label: 'Reservations', keys: 'g r', icon: Ticket },
  { path: '/containers', label: 'Containers', keys: 'g c', icon: Box },
  { path: '/trends', label: 'Trends', keys: 'g t', icon: ChartLine },
  { path: '/usage', label: 'Usage', keys: 'g u', icon: Gauge },
  { path: '/events', label: 'Events', keys: 'g e', icon: ScrollText },
  { path: '/nodes', label: 'Nodes', keys: 'g n', icon: Server, isAdminOnly: true },
  { path: '/tokens', label: 'Tokens', keys: 'g k', icon: KeyRound, isAdminOnly: true },
  { path: '/sessions', label: 'Sessions', keys: 'g s', icon: MonitorSmartphone },
  { path: '/me', label: 'Me and settings', keys: 'g m', icon: UserRound },
]

/** Returns the pages that the caller may open. */
export function useEntries(): readonly Entry[] {
  const { data: me } = useMe()
  return ENTRIES.filter(({ isAdminOnly = false }) => !isAdminOnly || me?.role === 'admin')
}

export function Nav({ onNavigate }: { readonly onNavigate: () => void }) {
  const entries = useEntries()
  return (
    <nav aria-label="Pages" className={styles['nav']}>
      <ul>
        {entries.map((entry) => (
          <li key={entry.path}>
            <NavLink entry={entry} onNavigate={onNavigate} />
          </li>
        ))}
      </ul>
    </nav>
  )
}

function NavLink({ entry, onNavigate }: { readonly entry: Entry; readonly onNavigate: () => void }) {
  const { path, label, keys, icon: Icon } = entry
  const [location, navigate] = useLocation()
  useShortcut(keys, `Go to ${label}`, () => navigate(path))
  const isHere = path === '/' ? location === '/' : location.startsWith(path)
  return (
    <Link href={path} onClick={onNavigate} aria-current={isHere ? 'page' : undefined} className={styles['link'] ?? ''}>
      <Icon size={16} aria-hidden />
      <span>{label}</span>
    </Link>
  )
}
