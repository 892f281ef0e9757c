/**
 * The command with a hostile manager: nothing that the manager sends is executed, or obeyed by a terminal.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '../../src/ports/clock.ts'
import { readEnvironment } from '../../src/cli/environment.ts'
import { createProgram } from '../../src/cli/program.ts'
import { testBerth } from '../support/manager/berth.ts'
import { CONTROLS, executables, rawIn } from '../support/text/hostile-texts.ts'
import { rogueManager } from '../support/manager/rogue-manager.ts'
import { tried } from '../../lab/proof.ts'

const execute = promisify(execFile)
const berth = testBerth({ BERTH_TOKEN: 'x' })
const PLANTED = join(berth.home, 'planted')
mkdirSync(PLANTED)
const EXECUTABLES = executables(PLANTED)
const TEXTS = [...EXECUTABLES, ...CONTROLS]
const TIME = '2126-11-24T17:00:00.000Z'
const ID = '0a000000-0000-4000-8000-000000000001'
const TIMES = Object.fromEntries(
  ['created_at', 'active_at', 'expires_at', 'ended_at', 'since', 'at', 'from', 'to', 'wait_until'].map((name) => [
    name,
    TIME,
  ]),
)
/** With these, commands get as far as they can: to ssh, to Ansible, to a table. */
const TAME = { ...TIMES, id: ID, state: 'active', role: 'admin', auth: 'token', tunnel: false }

/** What each command is run with; all that there are. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  reserve: [],
  run: ['--', 'true'],
  ssh: [ID],
  'ssh-config': [],
  forward: [ID, '8000'],
  code: [ID, '/tmp', '--print'],
  proxy: ['p-1'],
  cp: [`${ID}:file`, berth.home],
  sync: [`${ID}:file`, berth.home],
  ls: ['--all'],
  show: ['--', ID],
  extend: ['--by', '1m', ID],
  release: ['--all'],
  reset: ['--yes', ID],
  keepalive: ['--all'],
  status: [],
  version: [],
  pools: [],
  reload: [],
  managers: [],
  nodes: [],
  scale: ['p', '1'],
  'containers ls': [],
  'containers recycle': ['p-1'],
  'containers quarantine': ['p-1'],
  'containers return': ['p-1'],
  events: [],
  usage: ['--csv'],
  inventory: ['--list'],
  login: [],
  whoami: [],
  'token create': ['--name', 'x'],
  'token ls': [],
  'token rm': ['x'],
  'completion words': ['--', 'ssh', ''],
}
/** Colours and erasing. */
const ESC = '\u001b'
const OURS = new RegExp(`${ESC}\\[(?:[12]|22|3[1236]|39)m|\r${ESC}\\[K`, 'g')
/** Commands that send no request. */
const LOCAL = ['serve', 'gateway', 'migrate', 'backup', 'doctor', 'completion', 'help']

function leaves(command: ReturnType<typeof createProgram>, path: readonly string[] = []): string[] {
  const inner = command.commands
  if (inner.length === 0) return [path.join(' ')]
  return inner.flatMap((one) => leaves(one, [...path, one.name()]))
}

/** Runs all of them, several at a time. */
async function eachCommand(run: (args: readonly string[]) => Promise<void>): Promise<void> {
  const waiting = Object.entries(COMMANDS)
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await run([...next[0].split(' '), ...next[1]])
    }),
  )
}

function assertNothingPlanted(about: string): void {
  assert.deepEqual(readdirSync(PLANTED), [], `${about} executed what the manager said`)
}

it('Every command is run against the hostile manager', () => {
  const { stdin, stdout, stderr } = process
  const interrupts = { takeOver: () => new AbortController().signal, leave() {}, exitCode: () => null }
  const environment = readEnvironment({})
  const all = leaves(createProgram({ args: [], environment, stdin, stdout, stderr, clock: systemClock, interrupts }))
  assert.deepEqual(all.filter((path) => !LOCAL.includes(path)).toSorted(), Object.keys(COMMANDS).toSorted())
})

describe('nothing that a manager says is executed, or reaches a terminal raw', () => {
  let shown = 0
  for (const [how, rogue] of Object.entries({
    'answers, as far as a command needs': { texts: TEXTS, tame: TAME },
    'answers with nothing but hostile texts': { texts: [TEXTS.join('')] },
    refusals: { texts: TEXTS, refuse: 422 },
  })) {
    it(`in ${how}`, async () => {
      const url = await rogueManager(rogue)
      await eachCommand(async (args) => {
        for (const json of 'tame' in rogue ? [[], ['--json']] : [[]]) {
          const env = { BERTH_URL: url, XDG_CONFIG_HOME: join(berth.home, how) }
          const { stdout, stderr } = await berth.runWith({ env, stdin: 'token\n' }, ...json, ...args)
          const said = stdout + stderr
          const about = `berth ${[...json, ...args].join(' ')}`
          // The shell's function reads a word, a tab and what it is for from each line.
          const read = args[0] === 'completion' ? said.replaceAll(/^([\w-]+)\t/gm, '$1 ') : said
          assert.equal(rawIn(read), null, `${about}: ${JSON.stringify(said)}`)
          // CSV is lines; everywhere else a line is ours.
          if (!args.includes('--csv')) assert.doesNotMatch(said, /^fake: line/m, about)
          if (/touch|red/.test(said)) shown += 1
        }
      })
      assertNothingPlanted(how)
    })
  }

  it('Whatever a server says, the command writes nothing that a terminal would obey', (t) => {
    // Most of it was shown, so that there was something to make safe.
    assert.ok(shown > Object.keys(COMMANDS).length, `only ${shown} answers were shown`)
    tried(t, shown, 'answers of a hostile manager')
  })

  it('on a terminal, with colours of our own', async () => {
    const url = await rogueManager({ texts: TEXTS, tame: TAME })
    for (const args of [['ls', '--all'], ['show', ID], ['pools'], ['events'], ['ls', '--json']]) {
      const { shown: said } = await berth.inTerminal('--url', url, ...args)
      // What this command paints and erases with; the hostile texts have other codes.
      const rest = said.replaceAll(OURS, '')
      assert.equal(rawIn(rest), null, `berth ${args.join(' ')}: ${JSON.stringify(said)}`)
    }
    assert.match((await berth.inTerminal('--url', url, 'pools')).shown, OURS, 'colours are shown at all')
  })

  it('and where it does, this test says so', () => {
    for (const text of CONTROLS)
      assert.notEqual(rawIn(`before ${text.replaceAll(/\r\n/g, '\r')} after`), null, JSON.stringify(text))
    assert.equal(rawIn('plain\r\ntext — größer\n'), null)
  })
})

describe('Ansible executes nothing of what a manager says', () => {
  const play = join(berth.home, 'play.yml')
  const inventory = new URL('../../bin/berth-inventory', import.meta.url).pathname

  async function ansible(program: string, url: string, ...args: string[]): Promise<string> {
    const env = { ...berth.env, BERTH_URL: url, ANSIBLE_LOCALHOST_WARNING: 'False', ANSIBLE_NOCOLOR: '1' }
    const options = { env, cwd: berth.home, timeout: 60_000 }
    const { stdout, stderr } = await execute(program, args, options).catch(
      (error: Error & { stdout: string; stderr: string }) => error,
    )
    return stdout + stderr
  }

  /** Says each variable of each host; what is still a template is evaluated then. */
  const PLAY = `
- hosts: all
  gather_facts: false
  connection: local
  tasks:
    - debug: msg="note {{ berth_note }} pool {{ berth_pool }} user {{ ansible_user }} host {{ ansible_host }}"
`

  it('in any variable of an inventory', async () => {
    writeFileSync(play, PLAY)
    const containers = [{ name: 'p-1', host: '127.0.0.1', port: 1, host_key: EXECUTABLES[5] }]
    const url = await rogueManager({ texts: [EXECUTABLES.join(' ')], tame: { ...TAME, containers, username: 'alice' } })
    const said = await ansible('ansible-playbook', url, '-i', inventory, play)
    assert.match(said, /note .*lookup/, said)
    assertNothingPlanted('ansible-playbook')
  })

  it('in a name, an address or an account: such a container is left out', async () => {
    const good = { name: 'p-1', host: '127.0.0.1', port: 1, host_key: null }
    const bad = EXECUTABLES.flatMap((text) => [
      { ...good, name: text },
      { ...good, name: 'p-2', host: text },
      { ...good, name: 'p-3', port: text },
    ])
    const names = ['localhost', 'all', '-i', '../p-1'].map((name) => ({ ...good, name }))
    const containers = [good, ...bad, ...names]
    const url = await rogueManager({ texts: [EXECUTABLES[0] ?? ''], tame: { ...TAME, containers, username: 'alice' } })
    const { stdout, stderr } = await berth.runWith({ env: { BERTH_URL: url } }, 'inventory', '--list')
    const { _meta: meta } = JSON.parse(stdout) as { _meta: { hostvars: object } }
    assert.deepEqual(Object.keys(meta.hostvars), ['p-1'])
    assert.match(stderr, /is left out/)
    await ansible('ansible', url, '-i', inventory, 'all', '-m', 'raw', '-a', 'true')
    const account = await rogueManager({
      texts: [''],
      tame: { ...TAME, containers: [good], username: EXECUTABLES[0] },
    })
    await ansible('ansible', account, '-i', inventory, 'all', '-m', 'raw', '-a', 'true')
    assertNothingPlanted('ansible')
  })

  it('and a plain inventory with the same text does execute it', async () => {
    writeFileSync(play, PLAY)
    const careless = join(berth.home, 'careless.json')
    const host = { berth_note: EXECUTABLES[5], berth_pool: '', ansible_user: 'x', ansible_host: 'x' }
    writeFileSync(careless, JSON.stringify({ all: { hosts: { 'p-1': host } } }))
    await ansible('ansible-playbook', '', '-i', careless, play)
    assert.deepEqual(readdirSync(PLANTED), ['jinja'])
    rmSync(join(PLANTED, 'jinja'))
  })
})
