/** Single-letter shortcuts for the focused slot of a map. One set for all maps of a page. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from 'react'
import type { Reservation } from '../api/types.ts'
import { useExtend } from '../actions/reservation-actions.ts'
import { useShortcut } from '../keyboard/shortcuts.tsx'
import { useNotices } from '../notices/notices.tsx'
import { useDock } from '../terminal/dock-context.tsx'
import { slotAt } from './slot-map.tsx'

export interface MapKeys {
  /** Returns the reservation that holds a slot, if the caller may see it. */
  readonly reservationOf: (slot: string) => Reservation | undefined
  readonly toggle: (slot: string) => void
}

type Maps = Map<string, MapKeys>

const MapsContext = createContext<Maps | null>(null)

interface SlotKeysProps {
  /** The caller's active reservations. If no slot has the focus, the shortcuts act on the only reservation. */
  readonly mine: readonly Reservation[]
  readonly children: ReactNode
}

export function SlotKeys({ mine, children }: SlotKeysProps) {
  const maps = useMemo<Maps>(() => new Map(), [])
  const dock = useDock()
  const extend = useExtend()
  const notices = useNotices()
  /** Returns the slot that a shortcut acts on, or null if there is none or more than one. */
  const meant = (): { readonly slot: string; readonly reservation: Reservation | undefined } | null => {
    const slot = slotAt(document.activeElement)
    const map = slot === null ? undefined : mapOf(maps, slot)
    if (slot !== null && map) return { slot, reservation: map.reservationOf(slot) }
    const [only, ...others] = mine
    const [container] = only?.containers ?? []
    return only && others.length === 0 && container ? { slot: container.name, reservation: only } : null
  }
  const needs = (verb: string) => notices.done(`${verb}: first move to a slot that you have reserved.`)
  useShortcut('t', 'Open a terminal in the focused slot', () => {
    const here = meant()
    if (here?.reservation?.state === 'active') dock.open(here.slot)
    else needs('Terminal')
  })
  const extendHere = () => {
    const here = meant()
    if (here?.reservation?.state === 'active') extend.mutate(here.reservation)
    else needs('Extend')
  }
  const isOnSlot = () => slotAt(document.activeElement) !== null
  useShortcut('e', 'Extend the reservation of the focused slot', extendHere, isOnSlot)
  useShortcut('x', 'Select the focused slot', () => {
    const slot = slotAt(document.activeElement)
    if (slot !== null) mapOf(maps, slot)?.toggle(slot)
  })
  return <MapsContext value={maps}>{children}</MapsContext>
}

function mapOf(maps: Maps, slot: string): MapKeys | undefined {
  return maps.get(slot.replace(/-\d+$/, ''))
}

/** Lets the keys act on the map of a pool while it is shown. */
export function useSlotKeys(pool: string, keys: MapKeys): void {
  const maps = useContext(MapsContext)
  if (!maps) throw new Error('useSlotKeys is called outside SlotKeys')
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    maps.set(pool, {
      reservationOf: (slot) => latest.current.reservationOf(slot),
      toggle: (slot) => latest.current.toggle(slot),
    })
    return () => void maps.delete(pool)
  }, [maps, pool])
}
