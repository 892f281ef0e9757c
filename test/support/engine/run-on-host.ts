import { spawn } from 'node:child_process'
import type { ExecHandler } from '../../../src/engine/memory/deadline.ts'

/** Runs a container's command here, so that the contract suite can use the same harmless commands on every engine. */
export const runOnHost: ExecHandler = (_, { command, stdin }, signal) =>
  new Promise((resolve, reject) => {
    const [program = 'true', ...args] = command
    const child = spawn(program, args, { signal, killSignal: 'SIGKILL' })
    const outputs = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outputs.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      outputs.stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 137, ...outputs }))
    // A program may end without reading it.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? '')
  })
