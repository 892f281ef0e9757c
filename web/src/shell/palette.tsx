/** Finds every page, pool, container, reservation and action by a few letters. */
import { Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { containersOf, useContainers, useOpenReservations, usePools } from '../api/lists.ts'
import { useSession } from '../api/session.ts'
import { useAllShortcuts } from '../keyboard/shortcuts.tsx'
import { search } from '../words/search.ts'
import { useEntries } from './nav.tsx'
import { useDock } from '../terminal/dock-context.tsx'
import styles from './palette.module.css'

interface Entry {
  readonly key: string
  readonly label: string
  readonly kind: string
  readonly act: () => void
}

/** Maximum number of results shown. */
const MAX_RESULTS = 12

export function Palette({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Search" yOffset="10vh" centered={false}>
      {opened && <PaletteBody onClose={onClose} />}
    </Modal>
  )
}

function PaletteBody({ onClose }: { readonly onClose: () => void }) {
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState(0)
  const found = search(useFindable(), query, ({ label, kind }) => `${label} ${kind}`, MAX_RESULTS)
  const take = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    entry.act()
  }
  const press = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setChosen((chosen + step + found.length) % Math.max(1, found.length))
    }
    if (event.key === 'Enter') take(found[chosen])
  }
  return (
    <>
      <TextInput
        data-autofocus
        aria-label="Search pages, containers, reservations and actions"
        placeholder="A page, container, user or action"
        role="combobox"
        aria-expanded
        aria-controls="palette-results"
        aria-activedescendant={found[chosen] ? `palette-${chosen}` : undefined}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={press}
      />
      <div id="palette-results" role="listbox" aria-label="Results" className={styles['results']}>
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text field takes the keys
          <div
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen}
            tabIndex={-1}
            onClick={() => take(entry)}
          >
            {entry.label} <span className="secondary">{entry.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <output>Nothing matches “{query}”.</output>}
    </>
  )
}

function useFindable(): readonly Entry[] {
  const [, navigate] = useLocation()
  const entries = useEntries()
  const shortcuts = useAllShortcuts()
  const { data: pools = [] } = usePools()
  const { data: containers = [] } = useContainers()
  const { data: reservations = [] } = useOpenReservations()
  const dock = useDock()
  const session = useSession()
  const mine = containersOf(session.data?.identity?.name, reservations)
  const to = (path: string) => () => navigate(path)
  return [
    ...entries.map(({ path, label }) => ({ key: path, label, kind: 'page', act: to(path) })),
    ...shortcuts()
      .filter(({ label }) => !label.startsWith('Go to '))
      .map(({ keys, label, act }) => ({ key: `action ${keys} ${label}`, label, kind: `action, ${keys}`, act })),
    ...mine.map((name) => ({
      key: `terminal ${name}`,
      label: `Terminal in ${name}`,
      kind: 'action',
      act: () => dock.open(name),
    })),
    ...pools.map(({ name }) => ({ key: `pool ${name}`, label: name, kind: 'pool', act: to(`/pools/${name}`) })),
    ...containers.map(({ name, state }) => ({ key: name, label: name, kind: state, act: to(`/containers/${name}`) })),
    ...reservations.map(({ id, username, owner, note, name, state }) => ({
      key: id,
      label: [username, name, note].filter(Boolean).join(' · '),
      kind: `reservation of ${owner}, ${state}, ${id.slice(0, 8)}`,
      act: to(`/reservations/${id}`),
    })),
  ]
}
