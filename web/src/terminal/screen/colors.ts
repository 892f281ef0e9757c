/** Colours of the terminal on the light and the dark page. xterm raises the contrast of what programs choose to 4.5. */
import type { ITheme } from '@xterm/xterm'

const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#14181d',
  cursor: '#14181d',
  cursorAccent: '#ffffff',
  selectionBackground: '#b9d2ff',
  selectionInactiveBackground: '#c8d9f5',
  scrollbarSliderBackground: '#7a828e80',
  black: '#14181d',
  red: '#b42a04',
  green: '#076941',
  yellow: '#8a5300',
  blue: '#0a45c4',
  magenta: '#741d83',
  cyan: '#05637f',
  white: '#d8dce1',
  brightBlack: '#5f6773',
  brightRed: '#c4330a',
  brightGreen: '#0a7a4c',
  brightYellow: '#946000',
  brightBlue: '#2a5bd7',
  brightMagenta: '#8e2f9e',
  brightCyan: '#0a7391',
  brightWhite: '#ffffff',
}

const DARK: ITheme = {
  background: '#0f1317',
  foreground: '#e8ebee',
  cursor: '#e8ebee',
  cursorAccent: '#0f1317',
  selectionBackground: '#264f8f',
  selectionInactiveBackground: '#2f4d7a',
  scrollbarSliderBackground: '#77808c80',
  black: '#2b323b',
  red: '#ff8a5c',
  green: '#0ece7f',
  yellow: '#f0b429',
  blue: '#8ab4ff',
  magenta: '#d79be3',
  cyan: '#5cc8ea',
  white: '#d3d8de',
  brightBlack: '#8b94a0',
  brightRed: '#ffa582',
  brightGreen: '#4be3a3',
  brightYellow: '#f7cb66',
  brightBlue: '#adcbff',
  brightMagenta: '#e4b9ec',
  brightCyan: '#8bd9f2',
  brightWhite: '#ffffff',
}

export const MIN_CONTRAST = 4.5

export function themeOf(scheme: 'light' | 'dark'): ITheme {
  return scheme === 'dark' ? DARK : LIGHT
}
