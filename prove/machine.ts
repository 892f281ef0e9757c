/** What a measurement or a proof was made on; the reports of both say it in the same words. */
import { execFile } from 'node:child_process'
import { availableParallelism, release, totalmem } from 'node:os'
import { promisify } from 'node:util'

export interface Machine {
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly kernel: string
  readonly node: string
  readonly docker: string
}

export async function thisMachine(): Promise<Machine> {
  const { stdout } = await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}'])
  return {
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: release(),
    node: process.versions.node,
    docker: stdout.trim(),
  }
}

/** "2 cores, 24 GiB, Linux 6.1.0, Docker 20.10.24, Node 24.1.0" */
export function inWords({ cores, memory, kernel, docker, node }: Machine): string {
  const place = `${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, Linux ${kernel.replace(/-.*/, '')}`
  return `${place}, Docker ${docker}, Node ${node}`
}
