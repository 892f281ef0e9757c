/** Keyboard shortcuts. Single letters never act in fields, dialogs or terminals, and can be switched off. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { useSingleKeys } from '../settings/settings.tsx'
import { completedBy, type Key } from './key-sequence.ts'

export interface Shortcut {
  /** "r", "g p", "Ctrl+K". */
  readonly keys: string
  /** Description in the list of shortcuts: "Reserve". */
  readonly label: string
  readonly act: () => void
  /** Returns whether it takes precedence over other shortcuts with the same keys, because of what has the focus. */
  readonly hasPrecedence?: () => boolean
}

class Registry {
  readonly shortcuts = new Map<symbol, Shortcut>()

  /** Returns the shortcut with these keys. Of several, the one that has precedence now, or else the latest one. */
  find(keys: string): Shortcut | undefined {
    const all = [...this.shortcuts.values()].filter((shortcut) => shortcut.keys === keys)
    return all.findLast(({ hasPrecedence }) => hasPrecedence?.() ?? false) ?? all.at(-1)
  }
}

const ShortcutsContext = createContext<Registry | null>(null)

export function ShortcutsProvider({ children }: { readonly children: ReactNode }) {
  const [registry] = useState(() => new Registry())
  const [single] = useSingleKeys()
  useEffect(() => {
    const pressed: Key[] = []
    const press = (event: KeyboardEvent) => {
      // A key that is held down acts once.
      if (
        event.repeat ||
        event.altKey ||
        event.defaultPrevented ||
        event.isComposing ||
        /^(Shift|Control|Meta)$/.test(event.key)
      )
        return
      const ctrl = event.ctrlKey || event.metaKey
      if (isTyping(event.target) || (!ctrl && (!single || isInDialog(event.target)))) {
        pressed.length = 0
        return
      }
      pressed.push({ key: event.key, ctrl, at: event.timeStamp })
      const keys = completedBy(
        pressed,
        [...registry.shortcuts.values()].map((each) => each.keys),
      )
      const shortcut = keys === null ? undefined : registry.find(keys)
      if (pressed.length > 2) pressed.shift()
      if (!shortcut) return
      pressed.length = 0
      event.preventDefault()
      shortcut.act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [registry, single])
  return <ShortcutsContext value={registry}>{children}</ShortcutsContext>
}

/** Returns whether keys type text there. Terminals contain a text field. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
  )
}

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('[role="dialog"], [role="menu"]') !== null
}

/** Registers a shortcut while the component is shown. `hasPrecedence` as in `Shortcut`. */
export function useShortcut(keys: string, label: string, act: () => void, hasPrecedence?: () => boolean): void {
  const registry = useRegistry()
  const latest = useRef({ act, hasPrecedence })
  useEffect(() => {
    latest.current = { act, hasPrecedence }
  })
  const id = useMemo(() => Symbol(keys), [keys])
  useEffect(() => {
    registry.shortcuts.set(id, {
      keys,
      label,
      act: () => latest.current.act(),
      hasPrecedence: () => latest.current.hasPrecedence?.() ?? false,
    })
    return () => void registry.shortcuts.delete(id)
  }, [registry, id, keys, label])
}

/** Returns a function that returns the current shortcuts, for the palette and the list of shortcuts. */
export function useAllShortcuts(): () => readonly Shortcut[] {
  const registry = useRegistry()
  return () => [...registry.shortcuts.values()]
}

function useRegistry(): Registry {
  const registry = useContext(ShortcutsContext)
  if (!registry) throw new Error('shortcuts are used outside ShortcutsProvider')
  return registry
}
