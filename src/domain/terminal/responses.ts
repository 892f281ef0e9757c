/** Recognizes what terminals send by themselves: responses to queries of programs, such as the cursor's position. */

const ESC = String.fromCharCode(0x1b)
const BEL = String.fromCharCode(0x07)

const CSI = `${ESC}\\[`
/** Attributes of the device, its status, the cursor's position, a mode, and the size of the window. */
const REPORT = `${CSI}[?>=]?[0-9;:]*(?:[cnRt]|\\$y)`
/** Without "?", it is a key. */
const KEYBOARD_FLAGS = `${CSI}\\?[0-9]*u`
/** DCS, OSC and APC, which no key sends: version, settings, colours and images. */
const STRING = `${ESC}[P\\]_][^${ESC}${BEL}]*(?:${ESC}\\\\|${BEL})`

/**
 * Returns whether the input is nothing but responses. Shift+F3 has the bytes of a position in the first row, and counts
 * as one.
 */
export function isResponse(input: Uint8Array): boolean {
  if (input[0] !== 0x1b) return false
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
  return new RegExp(`^(?:${REPORT}|${KEYBOARD_FLAGS}|${STRING})+$`).test(text)
}
