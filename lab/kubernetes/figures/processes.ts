/** Processes of a cluster, found by the folder of the cluster in their command lines. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Unit of processor times in /proc. */
const TICK_MS = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Returns the process of this program, such as "kube-apiserver". */
export function processOf(folder: string, program: string): number {
  for (const entry of readdirSync('/proc')) {
    const [path = '', ...args] = commandLine(entry)
    if (basename(path) === program && args.some((arg) => arg.includes(folder))) return Number(entry)
  }
  throw new Error(`the cluster in ${folder} runs no ${program}`)
}

/** Returns the processor time that a process has used, in milliseconds; the kernel counts in steps of ten. */
export function processorTimeOf(pid: number): number {
  // Fields are counted after the name, which is in parentheses and may contain spaces.
  const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
  const fields = rest.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Returns the resident memory of a process, in bytes. */
export function residentBytesOf(pid: number): number {
  const [, kilobytes = Number.NaN] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1_024
}

function commandLine(entry: string): string[] {
  if (!/^\d+$/.test(entry)) return []
  try {
    return readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')
  } catch {
    // It has ended meanwhile.
    return []
  }
}
