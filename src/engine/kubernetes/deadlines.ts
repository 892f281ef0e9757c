/** Deadlines of requests, in milliseconds. */
export const DEADLINES_MS = {
  version: 5_000,
  list: 10_000,
  inspect: 5_000,
  attach: 5_000,
  /** Includes the wait until the object of an earlier pod of the same name is gone. */
  create: 30_000,
  /** Until the pod runs. The scheduler chooses its node, which may have to pull the image. */
  start: 120_000,
  kill: 10_000,
  remove: 30_000,
  lend: 5_000,
  policies: 10_000,
  /** From the first attempt to connect until the network plugin enforces the policies for a new pod. */
  enforce: 10_000,
}

export type Deadlines = Readonly<typeof DEADLINES_MS>
