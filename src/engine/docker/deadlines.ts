/** How long Docker may take for each kind of request, in milliseconds. An exec brings its own deadline. */
export interface Deadlines {
  readonly version: number
  readonly list: number
  readonly inspect: number
  /** To what listens in a container, before anybody needs it. */
  readonly attach: number
  /** The network, too. */
  readonly create: number
  readonly start: number
  /** It is tried before those who are barred are frozen. */
  readonly bar: number
  /** What is frozen is about to be killed. */
  readonly freeze: number
  readonly kill: number
  /** Nobody can do anything in there meanwhile. */
  readonly killFrozen: number
  readonly remove: number
  /** Until the stream of events is open; the stream itself has no end. */
  readonly watch: number
}

export const DEADLINES: Deadlines = {
  version: 5_000,
  list: 10_000,
  inspect: 5_000,
  attach: 5_000,
  create: 30_000,
  start: 30_000,
  bar: 2_000,
  freeze: 2_000,
  kill: 10_000,
  killFrozen: 30_000,
  remove: 30_000,
  watch: 10_000,
}
