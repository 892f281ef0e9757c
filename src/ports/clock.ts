/** The only source of "now": milliseconds since the epoch, UTC. Everything else gets time as an argument. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
