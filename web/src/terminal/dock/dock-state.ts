/** The state of the dock, as a pure reducer, and its text for sessionStorage. */

export interface DockTab {
  readonly key: string
  readonly container: string
  /** Id of the shell; null until the manager has made it. */
  readonly terminal: string | null
  /** The shell has ended: its text is shown, but “open” starts a new shell. */
  readonly over?: boolean
}

export interface DockState {
  readonly tabs: readonly DockTab[]
  readonly active: string | null
  readonly size: 'normal' | 'minimized' | 'full'
  /** In pixels, when its size is normal. */
  readonly height: number
}

export type DockAction =
  | { readonly type: 'open'; readonly key: string; readonly container: string }
  | { readonly type: 'open-another'; readonly key: string; readonly container: string }
  | { readonly type: 'continue'; readonly key: string; readonly container: string; readonly terminal: string }
  | { readonly type: 'made'; readonly key: string; readonly terminal: string }
  | { readonly type: 'over'; readonly key: string; readonly over: boolean }
  | { readonly type: 'close' | 'select'; readonly key: string }
  | { readonly type: 'step'; readonly by: 1 | -1 }
  | { readonly type: 'resize'; readonly height: number }
  | { readonly type: 'size'; readonly size: DockState['size'] }

export const MIN_HEIGHT_PX = 160
const DEFAULT_HEIGHT_PX = 340

export const EMPTY: DockState = { tabs: [], active: null, size: 'normal', height: DEFAULT_HEIGHT_PX }

export function dockAfter(state: DockState, action: DockAction): DockState {
  switch (action.type) {
    case 'open': {
      const open = state.tabs.find((tab) => tab.container === action.container && !tab.over)
      return open ? shown(state, open.key) : withTab(state, { ...tabOf(action), terminal: null })
    }
    case 'open-another':
      return withTab(state, { ...tabOf(action), terminal: null })
    case 'continue': {
      const open = state.tabs.find((tab) => tab.terminal === action.terminal)
      return open ? shown(state, open.key) : withTab(state, { ...tabOf(action), terminal: action.terminal })
    }
    case 'made':
      return withChange(state, action.key, { terminal: action.terminal })
    case 'over':
      return withChange(state, action.key, { over: action.over })
    case 'close':
      return withoutTab(state, action.key)
    case 'select':
      return shown(state, action.key)
    case 'step': {
      const at = state.tabs.findIndex((tab) => tab.key === state.active)
      const next = state.tabs.at((at + action.by) % state.tabs.length)
      return next ? shown(state, next.key) : state
    }
    case 'resize':
      return { ...state, size: 'normal', height: Math.max(MIN_HEIGHT_PX, Math.round(action.height)) }
    case 'size':
      return { ...state, size: action.size }
  }
}

function tabOf({ key, container }: { key: string; container: string }) {
  return { key, container }
}

function withTab(state: DockState, tab: DockTab): DockState {
  return shown({ ...state, tabs: [...state.tabs, tab] }, tab.key)
}

function shown(state: DockState, key: string): DockState {
  return { ...state, active: key, size: state.size === 'minimized' ? 'normal' : state.size }
}

function withChange(state: DockState, key: string, change: Partial<DockTab>): DockState {
  return { ...state, tabs: state.tabs.map((tab) => (tab.key === key ? { ...tab, ...change } : tab)) }
}

/** After a tab is closed, the tab to its right becomes active, or else the last one. */
function withoutTab(state: DockState, key: string): DockState {
  const at = state.tabs.findIndex((tab) => tab.key === key)
  const tabs = state.tabs.filter((tab) => tab.key !== key)
  const active = state.active === key ? ((tabs[at] ?? tabs.at(-1))?.key ?? null) : state.active
  return { ...state, tabs, active, size: tabs.length === 0 ? 'normal' : state.size }
}

/** Returns a key that changes when a person opens or selects a terminal, which then gets the focus. */
export function focusKeyOf({ active, size }: DockState): string {
  return `${active} ${size}`
}

/** Returns the title of a tab, with a number if the container has several tabs. */
export function tabTitle(tabs: readonly DockTab[], tab: DockTab): string {
  const same = tabs.filter((other) => other.container === tab.container)
  return same.length === 1 ? tab.container : `${tab.container} (${same.indexOf(tab) + 1})`
}

/** Returns text for sessionStorage. Shells of another identity must not appear after a change of the session. */
export function storedText(state: DockState, identity: string): string {
  return JSON.stringify({ identity, ...state })
}

/** Returns the stored state, without invalid parts. */
export function parseStored(text: string | null, identity: string): DockState {
  try {
    const stored = JSON.parse(text ?? 'null') as (Partial<DockState> & { identity?: string }) | null
    if (stored?.identity !== identity || !Array.isArray(stored.tabs)) return EMPTY
    const tabs = stored.tabs.filter(isTab)
    const { active = null, size = 'normal', height = DEFAULT_HEIGHT_PX } = stored
    return {
      tabs,
      active: tabs.some((tab) => tab.key === active) ? active : (tabs[0]?.key ?? null),
      size: size === 'minimized' || size === 'full' ? size : 'normal',
      height: Number.isFinite(height) ? Math.max(MIN_HEIGHT_PX, height) : DEFAULT_HEIGHT_PX,
    }
  } catch {
    return EMPTY
  }
}

function isTab(value: unknown): value is DockTab {
  if (typeof value !== 'object' || value === null) return false
  const { key, container, terminal, over } = value as Record<string, unknown>
  // Only a person opens a shell: tabs whose shell was not created, or has ended, are not restored.
  if (over === true) return false
  return typeof key === 'string' && typeof container === 'string' && typeof terminal === 'string'
}
