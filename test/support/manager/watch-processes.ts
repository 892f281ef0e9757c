import { readdir, readFile } from 'node:fs/promises'

/**
 * Runs `work` while looking over and over at the arguments and environments of all of this machine's processes, those
 * in local containers included, for any of the secrets. Gives the command lines that showed one.
 */
export async function seenInProcesses(secrets: readonly string[], work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>()
  const done = new AbortController()
  const watching = watch(secrets, seen, done.signal)
  try {
    await work()
  } finally {
    done.abort()
    await watching
  }
  return [...seen]
}

async function watch(secrets: readonly string[], seen: Set<string>, done: AbortSignal): Promise<void> {
  const known = new Set(await processes())
  while (!done.aborted) {
    // Looking only at those that were not there before keeps a round short, and short-lived processes in sight.
    const fresh = (await processes()).filter((pid) => !known.has(pid))
    const lines = await Promise.all(fresh.map(describe))
    for (const line of lines) if (secrets.some((secret) => line.includes(secret))) seen.add(line)
  }
}

async function processes(): Promise<string[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
}

async function describe(pid: string): Promise<string> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  return [await read('cmdline'), await read('environ')].join(' ').replaceAll('\0', ' ')
}
