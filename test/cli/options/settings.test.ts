/** The manager's URL and token; the config file and its mode. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { readSettings, writeConfigFile } from '../../../src/cli/options/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-settings-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'berth', 'config.yml')

function settings(option?: string, env: Record<string, string> = {}) {
  return readSettings(option, readEnvironment({ XDG_CONFIG_HOME: folder, ...env }))
}

function write(content: string, mode = 0o600): void {
  mkdirSync(join(folder, 'berth'), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

describe('settings', () => {
  it('are the defaults if nothing is set', () => {
    assert.deepEqual(settings(), { url: 'http://localhost:8080', token: undefined, from: 'default' })
  })

  it('come from the option, the environment or the file, in this order', () => {
    write('url: http://file:1/\ntoken: berth_file\n')
    const env = { BERTH_URL: 'http://env:2', BERTH_TOKEN: 'berth_env' }
    assert.deepEqual(settings(), { url: 'http://file:1', token: 'berth_file', from: 'config file' })
    assert.deepEqual(settings(undefined, env), { url: 'http://env:2', token: 'berth_env', from: 'BERTH_URL' })
    assert.deepEqual(settings('http://option:3', env), { url: 'http://option:3', token: 'berth_env', from: 'option' })
  })

  it('use the token of the file only for the manager of the file', () => {
    write('url: http://file:1\ntoken: berth_file\n')
    assert.equal(settings('http://file:1').token, 'berth_file')
    assert.equal(settings('http://file:2').token, undefined)
    assert.equal(settings(undefined, { BERTH_URL: 'http://elsewhere' }).token, undefined)
    write('token: berth_file\n')
    assert.equal(settings().token, 'berth_file')
    assert.equal(settings('http://elsewhere').token, undefined)
  })

  it('refuse a file that others can read', () => {
    for (const mode of [0o640, 0o604, 0o660]) {
      write('token: berth_file\n', mode)
      assert.throws(() => settings(), { name: 'Failure', exit: 2, advice: `chmod 600 ${file}` })
    }
  })

  it('refuse an invalid config file without showing its content', () => {
    for (const content of ['tokn: berth_secret', 'token: [berth_secret]', 'berth_secret', 'token: "berth_secret']) {
      write(content)
      assert.throws(
        () => settings(),
        (error: Error) => {
          assert.equal(error.name, 'Failure')
          assert.doesNotMatch(error.message, /berth_secret/)
          return true
        },
      )
    }
    write('')
    assert.equal(settings().from, 'default')
    rmSync(file)
    for (const url of ['localhost:8080', 'ftp://there', '']) assert.throws(() => settings(url), { exit: 2 })
  })

  it('are written so that only their owner can read them', () => {
    rmSync(join(folder, 'berth'), { recursive: true, force: true })
    writeConfigFile(file, { url: 'http://written:1', token: 'berth_written' })
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'berth')).mode & 0o777, 0o700)
    assert.deepEqual(settings(), { url: 'http://written:1', token: 'berth_written', from: 'config file' })
    writeConfigFile(file, { url: 'http://written:2' })
    assert.equal(settings().token, undefined)
  })

  it('ignore an XDG path that is not absolute', () => {
    const { configFile, stateDir } = readEnvironment({ XDG_CONFIG_HOME: 'relative', XDG_STATE_HOME: '/state' })
    assert.match(configFile, /^\/.*\/\.config\/berth\/config\.yml$/)
    assert.equal(stateDir, '/state/berth')
  })
})
