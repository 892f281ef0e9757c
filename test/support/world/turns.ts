/** Lets everybody have their turn of the event loop, and what follows from it; with timers that are mocked, too. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate)
}
