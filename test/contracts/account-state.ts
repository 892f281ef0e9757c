import assert from 'node:assert/strict'
import type { Engine } from '../../src/ports/engine.ts'
import type { Target } from '../../src/ports/accounts.ts'
import { accountUid } from '../../src/engine/confinement.ts'
import type { RunningGuest } from '../support/engine/guests.ts'

/** $1: the user. Each line "<what>=<value>". */
const stateScript = `
set -eu
home=/home/$1
echo "passwd=$(getent passwd -- "$1")"
echo "groups=$(id -Gn -- "$1")"
echo "shadow=$(getent shadow -- "$1")"
echo "home=$(stat -c '%a %U %G' "$home")"
for name in .ssh .ssh/authorized_keys; do
  echo "$name=$(stat -c '%a %U %G' "$home/$name" 2>/dev/null || true)"
done
`

type State = Readonly<Record<string, string>>

/** What an account consists of, inside the container. */
export async function stateOf(engine: Engine, target: Target, username: string): Promise<State> {
  const lines = (await run(engine, target, ['bash', '-c', stateScript, 'state', username])).trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** The one state that every implementation leaves behind. */
export function expectedState(
  user: string,
  { port }: RunningGuest,
  { password, groups = user, keys = false }: { password: string; groups?: string; keys?: boolean },
): State {
  const uid = accountUid(port)
  const today = Math.floor(Date.now() / 86_400_000)
  return {
    passwd: `${user}:x:${uid}:${uid}::/home/${user}:/bin/bash`,
    groups,
    shadow: `${user}:${password}:${today}:0:99999:7:::`,
    home: `700 ${user} ${user}`,
    '.ssh': keys ? `700 ${user} ${user}` : '',
    '.ssh/authorized_keys': keys ? `600 ${user} ${user}` : '',
  }
}

/** Files inside that hold a text, wherever something may have been left. */
export async function filesWith(engine: Engine, target: Target, text: string): Promise<string[]> {
  const script = 'grep -rlFf - /etc /var /tmp /root /home /run /dev/shm 2>/dev/null'
  const found = await run(engine, target, ['bash', '-c', script], text)
  return found.trim().split('\n')
}

async function run(engine: Engine, target: Target, command: string[], stdin?: string): Promise<string> {
  const result = await engine.exec(target.id, { command, timeoutMs: 10_000, ...(stdin === undefined ? {} : { stdin }) })
  assert.equal(result.code, 0, result.stderr)
  return result.stdout
}
