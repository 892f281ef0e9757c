/** The doors of this process: its gateway, its tunnels and its terminals. */
export interface LocalDoor {
  /** Closes the connections that are over. Resolves after a check that began after the call; rejects without one. */
  closeWhatIsOver(): Promise<void>
  /** Closes all connections: their clients can open new ones at another manager. */
  stop(): void
}

export class LocalDoors implements LocalDoor {
  readonly #doors: LocalDoor[] = []

  add(...doors: readonly LocalDoor[]): void {
    this.#doors.push(...doors)
  }

  async closeWhatIsOver(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.closeWhatIsOver()))
  }

  stop(): void {
    for (const door of this.#doors) door.stop()
  }
}
