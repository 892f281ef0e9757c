/** A tenant without root tries to profit when the account is created again in their container. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../src/ports/engine.ts'
import type { Target } from '../../src/ports/accounts.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { loginAndRun } from '../support/ssh.ts'
import { account, type Bench } from './accounts-bench.ts'

/** As root wrote keys before: through whatever links the user had made. */
const AS_ROOT = `
for i in $(seq 2000); do
  if [[ -e /etc/planted ]]; then exit; fi
  rm -f /home/alice/.ssh/authorized_keys
  printf 'a key\\n' >/home/alice/.ssh/authorized_keys
done
`
/** Puts a link to where root would write, again and again. */
const LINKING = `python3 -c '
import os
end = os.times().elapsed + 60
while os.times().elapsed < end and not os.path.exists("/tmp/enough"):
    try: os.symlink("/etc/planted", os.path.expanduser("~/.ssh/authorized_keys"))
    except OSError: pass
'`

export function hostileContract({ engine, guest, create }: Bench): void {
  const alice = () => account({ sshKeys: [newKeyPair('/home/alice/x.so').publicKey] })

  test('a link in place of .ssh does not lead root elsewhere', async () => {
    const target = await guest()
    await create([target], await alice())
    await asAlice(target, 'mv .ssh .ssh.old; ln -s /etc .ssh')
    await create([target], await account())
    // Writing keys may fail or not: in both cases root has written nothing.
    await create([target], await alice()).catch((error: Error) =>
      assert.match(error.message, /guest_failed|ermission|code 1/i),
    )
    assert.equal(
      await asRoot(engine, target, 'stat -c "%U %a" /etc; ls /etc/authorized_keys 2>&1 | tail -c 26'),
      UNTOUCHED,
    )
    // The counter-probe: as it was done before.
    await asRoot(engine, target, `chown -R alice: /home/alice/.ssh/.`)
    assert.notEqual(await asRoot(engine, target, 'stat -c %U /etc'), 'root')
  })

  test('a link that appears while the keys are written does not lead root elsewhere', async () => {
    const target = await guest()
    await create([target], await alice())
    const planted = () => asRoot(engine, target, 'ls /etc/planted 2>/dev/null || true')
    const linking = asAlice(target, LINKING)
    await sleep(500)
    await create([target], await alice()).catch(() => undefined)
    assert.equal(await planted(), '')
    await asRoot(engine, target, AS_ROOT)
    assert.equal(await planted(), '/etc/planted', 'as root wrote keys before, it is led there')
    await asRoot(engine, target, 'touch /tmp/enough')
    await linking
  })
}

const UNTOUCHED = 'root 755\nNo such file or directory'

async function asAlice({ port }: { readonly port: number }, command: string): Promise<string> {
  return (await loginAndRun({ port, username: 'alice', password: 'test' }, command)).stdout
}

async function asRoot(engine: Engine, { id }: Target, script: string): Promise<string> {
  const { stdout } = await engine.exec(id, { command: ['bash', '-c', script], timeoutMs: 30_000 })
  return stdout.trim()
}
