import assert from 'node:assert/strict'
import { runTool } from './test-tools.ts'

/** Returns a seccomp profile for Docker that allows what a set of systemd, such as @system-service, allows. */
export async function seccompProfile(set: string, errno: number): Promise<object> {
  const { code, output } = await runTool('systemd-analyze', ['syscall-filter', '--no-pager'])
  assert.equal(code, 0, output)
  const sets = new Map<string, string[]>()
  let current: string[] = []
  for (const line of output.split('\n')) {
    if (line.startsWith('@')) {
      current = []
      sets.set(line.trim(), current)
    } else if (/^ +[@\w]/.test(line)) current.push(line.trim())
  }
  const namesOf = (name: string): string[] => (name.startsWith('@') ? (sets.get(name) ?? []).flatMap(namesOf) : [name])
  const names = namesOf(set)
  assert.ok(names.length > 100, output)
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: errno,
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
  }
}
