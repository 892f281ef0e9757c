/** The progress of an action on many items, in words. */
import type { ItemResult, Progress } from './bulk-run.ts'

/** Returns "12 of 29 released, 1 refused", or "26 released, 3 refused" when it is over. */
export function progressText({ done, refused, isOver }: Progress, total: number, word: string): string {
  const count = done.toLocaleString('en')
  const first = isOver ? `${count} ${word}` : `${count} of ${total.toLocaleString('en')} ${word}`
  return refused.length === 0 ? first : `${first}, ${refused.length.toLocaleString('en')} refused`
}

export function resultText(result: ItemResult | undefined, word: string): string {
  switch (result?.kind) {
    case undefined:
    case 'waiting':
      return 'waiting'
    case 'running':
      return 'in progress …'
    case 'done':
      return word
    case 'refused':
      return `refused: ${result.reason}${result.code === null ? '' : ` (${result.code})`}`
  }
}
