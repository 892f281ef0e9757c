/** Creates an xterm with the options and add-ons of all terminals. */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { MIN_CONTRAST, themeOf } from './colors.ts'

export interface ScreenLook {
  readonly scheme: 'light' | 'dark'
  readonly fontSize: number
  readonly screenReader: boolean
  readonly blink: boolean
}

export interface LinkEvents {
  /** A link was clicked; its target is not checked. */
  readonly onLink: (target: string) => void
  /** The pointer is on a link, or has left it (null). */
  readonly onHover: (target: string | null) => void
}

const SCROLLBACK_LINES = 5_000

export function newXterm(look: ScreenLook, fontFamily: string, { onLink, onHover }: LinkEvents) {
  const pointer = { hover: (_event: MouseEvent, target: string) => onHover(target), leave: () => onHover(null) }
  const activate = (_event: MouseEvent, target: string) => onLink(target)
  const terminal = new Terminal({
    ...lookOptions(look),
    fontFamily,
    scrollback: SCROLLBACK_LINES,
    minimumContrastRatio: MIN_CONTRAST,
    macOptionIsMeta: true,
    linkHandler: { activate, ...pointer },
  })
  const fit = new FitAddon()
  const search = new SearchAddon()
  terminal.loadAddon(fit)
  terminal.loadAddon(search)
  terminal.loadAddon(new WebLinksAddon(activate, pointer))
  return { terminal, fit, search }
}

export function lookOptions({ scheme, fontSize, screenReader, blink }: ScreenLook) {
  return { theme: themeOf(scheme), fontSize, screenReaderMode: screenReader, cursorBlink: blink }
}
