/** What keeps a reserve or a login from working is found before a container is ready, in words. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ansibleAccounts } from '../../src/accounts/ansible/ansible.ts'
import { nativeAccounts } from '../../src/accounts/native/native.ts'
import { openAnsible } from '../../src/accounts/ansible/playbook.ts'
import type { Account } from '../../src/domain/account.ts'
import { codeOf, reasonOf } from '../../src/domain/errors.ts'
import { createLimit } from '../../src/domain/concurrency.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { createHashing } from '../../src/accounts/hashing/hashing.ts'
import { docker } from '../../lab/docker.ts'
import { testInstance } from '../../lab/instance.ts'
import { ownImages } from '../support/engine/own-images.ts'
import { reservePorts } from '../../lab/ports.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login, loginAndRun } from '../support/ssh.ts'
import { mark } from '../../lab/database-mark.ts'

const { instance, pool } = testInstance('ready')
const engine = openDocker({ database: mark(), instance, reaches: ['all'], dockerHost: process.env.DOCKER_HOST })
const ansible = openAnsible({
  playbookDir: fileURLToPath(new URL('../../ansible', import.meta.url)),
  env: process.env,
  clock: Date.now,
  outputDir: null,
  connectionOf: (id) => engine.ansibleConnection(id),
})
const accounts = nativeAccounts({ engine, ansible })
const images = await ownImages()
const ports = await reservePorts(48)
await engine.provision()
after(() => engine.close())

const PLAYBOOK = fileURLToPath(new URL('../contracts/playbooks/site.yml', import.meta.url))

/** Containers are made beside each other, as a manager does. */
const beside = createLimit(4)
let made = 0

interface Tried {
  readonly id: string
  readonly name: string
  readonly port: number
  readonly hostKey: string
}

/** One container of the image, surveyed as before it would be ready; what is done with it, and then it is gone. */
async function tried<T>(image: string, use: (tried: Tried) => Promise<T>, sudo = true, checked = true): Promise<T> {
  made += 1
  const [name, port] = [`${pool}-${made}`, ports[made] ?? 0]
  const id = await engine.create({
    ...{ instance, pool, name, generation: 1, image, bind: '127.0.0.1', port, memory: 2 ** 28, shm: 2 ** 26, cpus: 1 },
    ...{ pids: 256, sudo, reach: 'all', disk: null, runtime: null },
  })
  try {
    await engine.start(id)
    const how = { timeoutMs: 20_000, fresh: true, ...(checked && { purpose: { sudo, prepare: null } }) }
    const { hostKey } = await accounts.survey({ id, name }, how)
    return await use({ id, name, port, hostKey })
  } finally {
    await engine.remove(id)
  }
}

/** Why a container of the image can never be ready. */
async function refusal(image: string): Promise<string> {
  return tried(image, async () => 'ready').catch((error: unknown) => `${codeOf(error)}: ${reasonOf(error)}`)
}

const sshd = (lines: string) => `printf '${lines}\\n' >/etc/ssh/sshd_config.d/00-site.conf`
const noLogin = 'image_unfit: a new account cannot log in with'

/** What is wrong with the image, as a script that runs before its sshd; and the sentence that says so. */
const FAULTS: Readonly<Record<string, readonly [script: string, sentence: RegExp]>> = {
  'no bash': ['rm -f /bin/bash /usr/bin/bash', /^image_unfit: the image has no bash/],
  'no useradd': [
    'rm -f $(command -v useradd) /usr/sbin/useradd',
    /^image_unfit: the image has no useradd.*passwd, shadow/,
  ],
  'no usermod': ['rm -f /usr/sbin/usermod', /^image_unfit: the image has no usermod/],
  'no chpasswd': ['rm -f /usr/sbin/chpasswd', /^image_unfit: the image has no chpasswd/],
  'neither sudo nor doas': ['rm -f /usr/bin/sudo', /^image_unfit: the image has neither sudo nor doas.*sudo: false/],
  'a sudo without its setuid bit': ['chmod u-s /usr/bin/sudo', /^image_unfit: an account cannot become root.*setuid/],
  'a later rule that asks for a password': [
    "printf '%%sudo ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/zzz-site",
    /^image_unfit: an account cannot become root without a password \(sudo: true\): .*password is required/,
  ],
  'no password logins': [
    sshd('PasswordAuthentication no\\nKbdInteractiveAuthentication no'),
    RegExp(`^${noLogin} a password: sshd_config has PasswordAuthentication no`),
  ],
  'no password logins for some': [
    "printf '\\nMatch User *\\n PasswordAuthentication no\\n' >>/etc/ssh/sshd_config",
    RegExp(`^${noLogin} a password: sshd_config has PasswordAuthentication no`),
  ],
  AllowUsers: [sshd('AllowUsers student root'), /AllowUsers student root, which keeps new accounts out/],
  DenyUsers: [sshd('DenyUsers *'), /DenyUsers \*, which keeps new accounts out/],
  AllowGroups: [sshd('AllowGroups staff'), /AllowGroups staff, which keeps new accounts out/],
  AuthenticationMethods: [sshd('AuthenticationMethods publickey,password'), /AuthenticationMethods publickey,password/],
  'no terminal': [sshd('PermitTTY no'), /PermitTTY no/],
  ForceCommand: [sshd('ForceCommand echo go away'), /ForceCommand echo go away/],
  'no keys': [
    sshd('AuthorizedKeysFile none'),
    RegExp(`^${noLogin} an SSH key: sshd_config has AuthorizedKeysFile none`),
  ],
  nologin: ['echo closed >/etc/nologin', /\/etc\/nologin prevents all logins but those of root/],
  'a listen address': [sshd('ListenAddress 127.0.0.1'), /sshd does not listen on the container's own address/],
  'another port': [sshd('Port 2222'), /^image_unfit: sshd did not answer on port 22; it listens on port 2222/],
  'another host key': [
    "mv /keys /etc/ssh/keys; sed -i 's,^HostKey .*,HostKey /etc/ssh/keys/ssh_host_ed25519_key,' /etc/ssh/sshd_config",
    /sshd offers another host key than \/etc\/ssh\/ssh_host_ed25519_key/,
  ],
  'a command that fails': [
    'echo the licence is missing >&2; exit 3',
    /^guest_failed: .*ended with code 3; it said: the licence is missing$/,
  ],
  'a command that is killed': [
    'kill -KILL $$',
    /^guest_failed: the image's command was killed by signal 9, and wrote nothing$/,
  ],
}

describe('an image that cannot be lent', { concurrency: true }, () => {
  for (const [what, [script, sentence]] of Object.entries(FAULTS)) {
    it(`says why: ${what}`, () =>
      beside(async () => {
        const image = await images.running(what.toLowerCase().replaceAll(' ', '-'), script)
        assert.match(await refusal(image), sentence)
      }))
  }

  it('says why: a command that is not there, and one that asks for a password', () =>
    beside(async () => {
      const missing = await images.starting('missing', ['/opt/start-lab'])
      assert.match(
        await refusal(missing),
        /^guest_failed: .*ended with code 127; it said: .*\/opt\/start-lab.*No such file/,
      )
      const student = await images.starting('student', ['sudo', '-n', '/usr/sbin/sshd', '-D'], 'USER student')
      assert.match(await refusal(student), /^guest_failed: .*ended with code 1; it said: sudo: a password is required$/)
    }))
})

/** What Berth makes good by itself, or does not need; alice gets in with password and key, and becomes root. */
const MENDED: Readonly<Record<string, string>> = {
  plain: ':',
  wheel: 'rm -f /etc/sudoers.d/*; groupdel sudo; groupadd -r wheel',
  'no group at all': 'rm -f /etc/sudoers.d/*; groupdel sudo',
  "Debian's own rule":
    "rm -f /etc/sudoers.d/*; printf '%%sudo ALL=(ALL:ALL) ALL\\n' >/etc/sudoers.d/site; chmod 440 /etc/sudoers.d/site",
  'no includedir': "rm -f /etc/sudoers.d/*; printf 'root ALL=(ALL:ALL) ALL\\n' >/etc/sudoers",
  'host keys of the image': 'cp -p /keys/* /etc/ssh/',
}

async function worksFor(image: string): Promise<void> {
  const key = newKeyPair()
  const account: Account = {
    ...{
      username: 'alice',
      passwordHash: await createHashing()('test'),
      sshKeys: [key.publicKey],
      sudo: true,
      motd: '',
      session: '',
    },
  }
  await tried(image, async ({ id, name, port, hostKey }) => {
    assert.equal(await traces(id), '', 'the rehearsal leaves nothing behind')
    const outcomes = await accounts.createAccounts([{ id, name }], account, { fresh: true })
    assert.equal(outcomes.get(name), null)
    const session = await login({ port, username: 'alice', privateKey: key.privateKey })
    assert.equal(session.hostKey, hostKey)
    assert.equal((await session.exec('sudo -n id -u')).stdout, '0')
    session.close()
    assert.equal((await loginAndRun({ port, username: 'alice', password: 'test' }, 'whoami')).stdout, 'alice')
  })
}

/** Everything in the container that bears the name of the account of the rehearsal, or was made for it. */
function traces(id: string): Promise<string> {
  const search =
    'grep -ls berth-check /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid; last -w 2>/dev/null | grep berth-check; ' +
    'ls -d /home/berth-check /var/lib/berth-rehearsal 2>/dev/null; true'
  return docker('exec', id, 'sh', '-c', search)
}

describe('an image that can be lent', { concurrency: true }, () => {
  for (const [what, script] of Object.entries(MENDED)) {
    it(`lets alice in with password and key, and as root: ${what}`, () =>
      beside(async () => worksFor(await images.running(what.toLowerCase().replaceAll(/[^a-z]+/g, '-'), script))))
  }

  it('lets alice in where the image has a user of its own', () =>
    beside(async () => {
      const command = [
        'sudo',
        'sh',
        '-c',
        "mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; exec /usr/sbin/sshd -D",
      ]
      await worksFor(await images.starting('teacher', command, 'USER teacher'))
    }))

  it('needs no sudo where the pool has sudo: false', () =>
    beside(async () => {
      const image = await images.running('without-sudo', 'rm -f /usr/bin/sudo')
      await tried(image, async ({ hostKey }) => assert.match(hostKey, /^SHA256:/), false)
    }))

  it('gives each container a host key of its own, also where the image brings one', () =>
    beside(async () => {
      const image = await images.running('baked', 'cp -p /keys/* /etc/ssh/')
      const keys = [await tried(image, keyOf), await tried(image, keyOf)]
      assert.equal(new Set(keys).size, 2)
      // The counter-probe: where nothing is asked of them, they share what the image has.
      const shared = [await tried(image, offered, true, false), await tried(image, offered, true, false)]
      assert.equal(new Set(shared).size, 1)
    }))

  it('says that Python is missing, where accounts are made by Ansible and after a playbook has failed', () =>
    beside(async () => {
      const image = await images.running('no-python', 'rm -f /usr/bin/python3')
      await tried(image, async ({ id, name }) => {
        const how = { timeoutMs: 20_000, fresh: true, purpose: { sudo: true, prepare: null } }
        await assert.rejects(ansibleAccounts({ engine, ansible }).survey({ id, name }, how), /no \/usr\/bin\/python3/)
        const outcomes = await accounts.prepare([{ id, name }], PLAYBOOK)
        assert.match(
          outcomes.get(name)?.message ?? '',
          /^the image has no \/usr\/bin\/python3.*install the package python3/,
        )
      })
    }))
})

async function offered({ hostKey }: Tried): Promise<string> {
  return hostKey
}

/** The key that sshd offers, which is the one that was told. */
async function keyOf({ port, hostKey, id, name }: Tried): Promise<string> {
  const passwordHash = await createHashing()('test')
  await accounts.createAccounts(
    [{ id, name }],
    { username: 'alice', passwordHash, sshKeys: [], sudo: false, motd: '', session: '' },
    { fresh: true },
  )
  const session = await login({ port, username: 'alice', password: 'test' })
  session.close()
  assert.equal(session.hostKey, hostKey)
  return session.hostKey
}
