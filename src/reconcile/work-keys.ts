/** Keys of work that is under way: one key space for each kind of thing that is worked on. */

export type WorkKey =
  | `container ${string}`
  | `reservation ${string}`
  | `notification ${string}`
  | `playbook ${string}`
  | `image ${string}`
  | `peers ${string}`

export function containerKey(name: string): WorkKey {
  return `container ${name}`
}

/** For activating or revoking a reservation. */
export function reservationKey(id: string): WorkKey {
  return `reservation ${id}`
}

/** Apart from `reservationKey`: revoking access must not wait for a notification. */
export function notificationKey(id: string): WorkKey {
  return `notification ${id}`
}

/** For the network of a reservation: revoking access must not wait for it. */
export function peersKey(id: string): WorkKey {
  return `peers ${id}`
}

export function playbookKey(pool: string): WorkKey {
  return `playbook ${pool}`
}

/** For making the image of a pool. */
export function imageKey(pool: string): WorkKey {
  return `image ${pool}`
}
