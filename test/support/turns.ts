/** Lets everybody have their turn of the event loop, and what follows from it; with timers that are mocked, too. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
}
