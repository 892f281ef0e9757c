/** Finds places at which the output of a terminal can be cut: between characters and escape sequences. */

/**
 * `string`: OSC, DCS, PM, APC or SOS, until BEL or ESC \; `escape`: after ESC; `intermediate`: after ESC and a byte
 * from 0x20 to 0x2f; `csi`: after ESC [.
 */
type State = 'ground' | 'escape' | 'intermediate' | 'csi' | 'string'

const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a
const ESC = 0x1b

/** Reads output byte by byte, and follows where escape sequences begin and end. */
export class EscapeReader {
  #state: State = 'ground'

  /** Returns whether output may begin with this byte. UTF-8 needs no state: its continuation bytes are recognizable. */
  canBeginWith(next: number): boolean {
    return this.#state === 'ground' && !isContinuation(next)
  }

  copy(): EscapeReader {
    const copy = new EscapeReader()
    copy.#state = this.#state
    return copy
  }

  read(byte: number): void {
    if (this.#state !== 'ground') this.#state = nextState(this.#state, byte)
    else if (byte === ESC) this.#state = 'escape'
  }
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0
}

function nextState(state: Exclude<State, 'ground'>, byte: number): State {
  if (byte === ESC) return 'escape'
  if (byte === CAN || byte === SUB) return 'ground'
  if (state === 'string') return byte === BEL ? 'ground' : 'string'
  if (state === 'csi') return byte >= 0x40 && byte <= 0x7e ? 'ground' : 'csi'
  if (byte >= 0x20 && byte <= 0x2f) return 'intermediate'
  if (state === 'escape' && byte === 0x5b) return 'csi'
  // ] P X ^ _
  if (state === 'escape' && [0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(byte)) return 'string'
  return byte < 0x20 ? state : 'ground'
}
