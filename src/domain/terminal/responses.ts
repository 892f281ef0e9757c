/** Recognizes what a terminal sends without a key press: responses to queries, such as for the cursor's position. */

const ESC = String.fromCharCode(0x1b)
const BEL = String.fromCharCode(0x07)

const CSI = `${ESC}\\[`
/** Device attributes and status, position of the cursor, a mode, or the size of the window. */
const REPORT = `${CSI}[?>=]?[0-9;:]*(?:[cnRt]|\\$y)`
/** Flags of the Kitty keyboard protocol. Without "?", the sequence is a key. */
const KEYBOARD_FLAGS = `${CSI}\\?[0-9]*u`
/** DCS, OSC and APC, which no key sends: version, settings, colours and images. */
const STRING = `${ESC}[P\\]_][^${ESC}${BEL}]*(?:${ESC}\\\\|${BEL})`

const RESPONSES = new RegExp(`^(?:${REPORT}|${KEYBOARD_FLAGS}|${STRING})+$`)

/**
 * Returns whether the input consists of responses only. F3 with Shift, Alt or Ctrl counts as a response: its bytes are
 * those of a position in the first row.
 */
export function isResponse(input: Uint8Array): boolean {
  if (input[0] !== 0x1b) return false
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
  return RESPONSES.test(text)
}
