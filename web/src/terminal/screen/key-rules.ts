/** Which keys the page handles, and which go to the shell. */

export interface PressedKey {
  /** As in `KeyboardEvent.key`. */
  readonly key: string
  readonly ctrlKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
}

/** "browser": the browser acts, which pastes. "shell": the key is typed. */
export type KeyAction = 'copy' | 'browser' | 'search' | 'menu' | 'leave' | 'shell'

/** Returns what a key does. Ctrl+C interrupts, unless text is selected: then it copies. */
export function actionOf(pressed: PressedKey, hasSelection: boolean): KeyAction {
  const { key, ctrlKey, shiftKey, altKey, metaKey } = pressed
  if (altKey) return 'shell'
  const letter = key.toLowerCase()
  const mods = `${ctrlKey ? 'C' : ''}${metaKey ? 'M' : ''}${shiftKey ? 'S' : ''}`
  switch (`${mods} ${letter}`) {
    case 'C c':
    case 'M c':
      return hasSelection ? 'copy' : 'shell'
    // Also without a selection: the browser would open its developer tools.
    case 'CS c':
    case 'C insert':
      return 'copy'
    case 'CS v':
    case 'S insert':
    case 'M v':
      return 'browser'
    case 'CS f':
    case 'M f':
      return 'search'
    case 'S f10':
    case ' contextmenu':
      return 'menu'
    case ' f6':
      return 'leave'
    default:
      return 'shell'
  }
}
