import { createInterface } from 'node:readline'

/** Calls `say` with each line, behind a prefix; resolves at the end of the stream. */
export async function prefixed(
  stream: NodeJS.ReadableStream | null,
  prefix: string,
  say: (line: string) => void,
): Promise<void> {
  if (!stream) return
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) say(prefix + line)
}
