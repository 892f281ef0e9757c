/** The only source of "now": milliseconds since the epoch, UTC. Everything else gets time as an argument. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/** Blocks this thread for `ms` milliseconds. For code that cannot wait for a promise. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms)
}
