/** Measures the tasks of the main thread of a page. No frame is drawn during a task. */
import type { Page } from 'playwright-core'

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Processor time of the thread, in microseconds. Other processes of a busy machine do not lengthen it. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

interface Recording {
  /** Returns the processor time of each task in milliseconds, the longest first. */
  stop(): Promise<number[]>
}

const CATEGORIES = ['disabled-by-default-devtools.timeline', 'devtools.timeline', 'toplevel', '__metadata']

/** Starts to record the tasks of the main thread of a page. */
export async function mainThreadTasks(page: Page): Promise<Recording> {
  const browser = page.context().browser()
  if (!browser) throw new Error('the page has no browser')
  await browser.startTracing(page, { categories: CATEGORIES })
  return {
    async stop() {
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
      const threads = new Set(
        traceEvents
          .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
          .map(({ pid, tid }) => `${pid} ${tid}`),
      )
      return traceEvents
        .filter(({ name, ph, pid, tid }) => name.endsWith('RunTask') && ph === 'X' && threads.has(`${pid} ${tid}`))
        .map(({ tdur = 0 }) => tdur / 1_000)
        .toSorted((one, other) => other - one)
    },
  }
}
