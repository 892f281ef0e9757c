/** How terminals look in this browser: as the page, with what the person chose for terminals. */
import { useComputedColorScheme } from '@mantine/core'
import { useLocalStorage, useReducedMotion } from '@mantine/hooks'
import type { ScreenLook } from '../screen/new-xterm.ts'

const MIN_FONT_PX = 8
const MAX_FONT_PX = 28
const DEFAULT_FONT_PX = 13

export interface LookSettings {
  readonly look: ScreenLook
  readonly changeFontSize: (by: 1 | -1) => void
  readonly setScreenReader: (on: boolean) => void
}

export function useLook(): LookSettings {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const stays = { getInitialValueInEffect: false }
  const [fontSize, setFontSize] = useLocalStorage({
    key: 'berth-terminal-font',
    defaultValue: DEFAULT_FONT_PX,
    ...stays,
  })
  const [screenReader, setScreenReader] = useLocalStorage({
    key: 'berth-terminal-screen-reader',
    defaultValue: false,
    ...stays,
  })
  const calm = useReducedMotion(false, stays)
  return {
    look: { scheme, fontSize, screenReader, blink: !calm },
    changeFontSize: (by) => setFontSize((size) => Math.min(MAX_FONT_PX, Math.max(MIN_FONT_PX, size + by))),
    setScreenReader,
  }
}
