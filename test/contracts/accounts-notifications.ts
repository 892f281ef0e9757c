import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/domain/errors.ts'
import type { NotificationText } from '../../src/ports/accounts.ts'
import { eventually } from '../../lab/eventually.ts'
import type { RunningGuest } from '../support/engine/guests.ts'
import { login, type Terminal } from '../support/ssh.ts'
import { account, allDone, type Bench } from './accounts-bench.ts'

/** What a shell expands, what printf expands, and no ASCII. */
const MOTD = 'Held by älice.\n  $(id) %s \\n `id` until 14:30 UTC\n'
const LINE = 'Ends soon: $(id) %s \\n {{ 7*7 }}'

export function notificationsContract({ accounts, commands, engine, guest, guests, create }: Bench): void {
  const news = (some: Partial<NotificationText> = {}): NotificationText => ({
    ...{ username: 'alice', motd: 'New\n', session: 'end=9\n', line: LINE },
    ...some,
  })
  const run = async (target: RunningGuest, command: string) =>
    (await engine.exec(target.id, { command: ['bash', '-c', command], timeoutMs: 5_000 })).stdout.trim()
  const enter = ({ port }: RunningGuest, username = 'alice') => login({ port, username, password: 'test' })

  test('a terminal shows the motd once; a command never shows it, with a terminal (as Ansible uses) or without', async () => {
    const target = await guest()
    await create([target], await account({ motd: MOTD }))
    const session = await enter(target)
    const terminal = await session.shell()
    assert.equal(count(terminal, MOTD.replaceAll('\n', '\r\n')), 1, terminal.shown)
    for (const pty of [false, true]) {
      assert.deepEqual(await session.exec('true', { pty }), { code: 0, stdout: '', stderr: '' })
    }
    assert.equal((await session.exec('cat /etc/motd; stat -c %a%U /etc/motd')).stdout, `${MOTD}644root`)
    session.close()
  })

  test('each open terminal of the account gets the line, other users do not, and later logins get the motd', async () => {
    const target = await guest()
    await create([target], await account({ username: 'bob' }))
    await create([target], await account())
    const [session, others] = await Promise.all([enter(target), enter(target, 'bob')])
    const [one, two, bob] = await Promise.all([session.shell(), session.shell(), others.shell()])
    const running = session.exec('sleep 1')
    const before = commands.length
    allDone(await accounts.notify([target], news()))
    await eventually(async () => count(one, LINE) + count(two, LINE) === 2)
    assert.ok(one.shown.replaceAll(/\r+/g, '').includes(`\n*** ${LINE} ***\n`), one.shown)
    assert.deepEqual(await running, { code: 0, stdout: '', stderr: '' })
    assert.equal(count(bob, 'Ends'), 0)
    assert.ok(commands.length > before)
    assert.ok(commands.slice(before).every((command) => !command.includes('alice') && !command.includes('Ends')))
    assert.equal(count(await session.shell(), '\r\nNew\r\n'), 1)
    session.close()
    others.close()
  })

  test('terminals that take no output delay no other, and get nothing later', async () => {
    const target = await guest()
    await create([target], await account())
    const session = await enter(target)
    const [stopped, deaf, good] = await Promise.all([session.shell(), session.shell(), session.shell()])
    stopped.type('cat\r')
    await eventually(async () => (await run(target, 'pgrep -u alice -xc cat')) === '1')
    stopped.type('\x13')
    deaf.pause()
    deaf.type('yes\r')
    // The window and every buffer are full once `yes` takes no time any more.
    const used = 'cut -d " " -f 14,15 /proc/$(pgrep -x yes)/stat'
    await eventually(
      async () => (await run(target, `a=$(${used}); sleep 0.3; [[ $a == "$(${used})" ]] && echo stuck`)) === 'stuck',
    )
    const began = performance.now()
    allDone(await accounts.notify([target], news()))
    const ms = performance.now() - began
    assert.ok(ms > 900 && ms < 4_000, `${ms} ms; the wait was skipped or too long`)
    await eventually(async () => count(good, LINE) === 1)
    await eventually(async () => (await run(target, 'pgrep -fc IF[S]=')) === '0')
    stopped.type('\x11')
    stopped.type('on again\r')
    await eventually(async () => stopped.shown.includes('on again'))
    assert.equal(count(stopped, LINE), 0)
    session.close()
  })

  test('what a tenant put in place of /etc/motd is neither opened nor followed', async () => {
    const target = await guest()
    await create([target], await account())
    const tricks = [
      'mkfifo /etc/motd',
      'ln -s /etc/hostname /etc/motd',
      'ln -s /root /etc/motd',
      'ln -s motd /etc/motd',
      'mkdir -p /etc/motd/full/of/things',
      'ln -s /dev/zero /etc/motd',
      'true',
    ]
    const hostname = await run(target, 'cat /etc/hostname; ls -A /root')
    for (const trick of tricks) {
      const planted = await run(target, `rm -rf /etc/motd; ${trick} 2>&1`)
      assert.equal(planted, '')
      allDone(await accounts.notify([target], news({ motd: `after ${trick}\n` })))
      const found = await run(target, 'stat -c "%F %a %U" /etc/motd; cat /etc/motd')
      assert.equal(found, `regular file 644 root\nafter ${trick}`)
    }
    for (const trick of ['mkfifo /etc/motd', 'mkdir /etc/motd']) {
      await run(target, `rm -rf /etc/motd; ${trick}`)
      await create([target], await account({ motd: `opened after ${trick}\n` }))
      assert.equal(await run(target, 'cat /etc/motd'), `opened after ${trick}`)
    }
    assert.equal(await run(target, 'cat /etc/hostname; ls -A /root'), hostname)
  })

  test('the files of session commands are written anew, whatever a tenant put in their place', async () => {
    const target = await guest()
    await create([target], await account({ session: 'end=1\n' }))
    assert.equal(await run(target, 'cat /var/lib/berth-session; stat -c %a%U /var/lib/berth-session'), 'end=1\n644root')
    const untouched = 'cat /etc/hostname; ls -A /root'
    const before = await run(target, untouched)
    for (const [file, write, text] of [
      [
        '/run/berth/reply',
        () => accounts.answer(target, { id: '0123456789ab', isDone: true, text: 'Done: $(id) %s\n' }),
        '0123456789ab\ndone\nDone: $(id) %s?',
      ],
      ['/var/lib/berth-session', async () => allDone(await accounts.notify([target], news())), 'end=9'],
    ] as const) {
      for (const trick of ['ln -s /etc/hostname', 'ln -s /root', 'mkfifo', 'mkdir -p', 'ln -s /dev/zero', 'touch']) {
        await run(target, `rm -rf ${file}; ${trick} ${file}`)
        await write()
        assert.equal(await run(target, `stat -c "%F %a %U" ${file}; cat ${file}`), `regular file 644 root\n${text}`)
      }
    }
    assert.equal(await run(target, untouched), before)
    await run(target, 'rm -r /run/berth; ln -s berth /run/berth')
    await assert.rejects(accounts.answer(target, { id: '0123456789ab', isDone: true, text: '' }), {
      code: 'guest_failed',
    })
  })

  test('the line is written even if the motd cannot be', async () => {
    const target = await guest()
    await create([target], await account())
    const session = await enter(target)
    const terminal = await session.shell()
    await run(target, 'mv $(command -v mktemp) /tmp/gone')
    allDone(await accounts.notify([target], news()))
    await eventually(async () => count(terminal, LINE) === 1)
    session.close()
  })

  test('a container that is down does not hide the outcomes of the others; an unknown user is no error', async () => {
    const [good, dead] = (await guests(2)) as [RunningGuest, RunningGuest]
    await engine.kill(dead.id)
    const outcomes = await accounts.notify([good, dead], news({ username: 'nobody-yet' }))
    assert.equal(outcomes.get(good.name), null)
    assert.ok(hasCode(outcomes.get(dead.name), 'guest_failed'))
  })
}

function count(terminal: Terminal, text: string): number {
  return terminal.shown.split(text).length - 1
}
