/** How busy the machine is. */
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Milliseconds since the machine was started. */
interface Counters {
  /** Sum over all cores, as is `all`. */
  readonly busy: number
  readonly all: number
  /** Time in which at least one process waited for a processor, or for a disk. */
  readonly processorWait: number
  readonly diskWait: number
}

/** Returns a function that describes how busy the machine has been since this call. */
export function watchMachine(): () => string {
  const [before, began] = [counters(), performance.now()]
  return () => {
    const [after, ms] = [counters(), performance.now() - began]
    const share = (part: number, whole: number) => `${Math.round((part / whole) * 100)} %`
    const busy = share(after.busy - before.busy, after.all - before.all)
    const processorWait = share(after.processorWait - before.processorWait, ms)
    const diskWait = share(after.diskWait - before.diskWait, ms)
    return `cores busy ${busy}; some process waited for a core ${processorWait}, for a disk ${diskWait} of the time`
  }
}

function counters(): Counters {
  const sums = cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({ busy: user + nice + sys + irq, idle }))
  const busy = sums.reduce((sum, each) => sum + each.busy, 0)
  const all = busy + sums.reduce((sum, each) => sum + each.idle, 0)
  return { busy, all, processorWait: waitOf('cpu'), diskWait: waitOf('io') }
}

/** Reads the kernel's pressure stall information, which is in microseconds. */
function waitOf(resource: 'cpu' | 'io'): number {
  const [, total = Number.NaN] = /^some .* total=(\d+)/m.exec(readFileSync(`/proc/pressure/${resource}`, 'utf8')) ?? []
  return Number(total) / 1_000
}
