/** The lines of ~/.ssh/config that include Berth's hosts. */
import { mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isMissingFile } from '../../../domain/errors.ts'
import { EXIT, Failure } from '../../failures.ts'
import { replaceFile, sshFolder } from './folder.ts'

const FIRST = '# berth: added by `berth ssh-config --install`; `berth ssh-config --remove` removes it'

/** Our lines, wherever the user has moved them, with the blank line after them. */
const OURS = /^# berth: added by .*\nInclude .*\n\n?/m

/** Returns the lines that `--install` adds. At the top: below a `Host` line they would belong to that host. */
export function includeLines(stateDir: string): string {
  const folder = sshFolder(stateDir)
  if (/["\\*?[\]\p{Cc}]/u.test(folder)) {
    throw new Failure(EXIT.failed, `ssh's configuration cannot name the folder ${folder}`, {
      advice: 'choose a path without quotes, backslashes and patterns in XDG_STATE_HOME',
    })
  }
  return `${FIRST}\nInclude "${folder}/*/config"\n`
}

/** Returns whether there are such lines, maybe for another folder or changed by the user. */
export function isInstalled(sshConfig: string): boolean {
  return OURS.test(read(sshConfig))
}

/** Returns whether exactly these lines are there. */
export function includes(sshConfig: string, lines: string): boolean {
  return read(sshConfig).includes(lines)
}

/** Adds the lines, or replaces ours that name another folder. Keeps the mode of the file, and a link to it. */
export function install(sshConfig: string, lines: string): void {
  mkdirSync(dirname(sshConfig), { recursive: true, mode: 0o700 })
  write(sshConfig, `${lines}\n${read(sshConfig).replace(OURS, '')}`)
}

/** Returns whether there was something to remove. */
export function uninstall(sshConfig: string): boolean {
  const before = read(sshConfig)
  const after = before.replace(OURS, '')
  if (after !== before) write(sshConfig, after)
  return after !== before
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissingFile(error)) return ''
    throw error
  }
}

function write(file: string, content: string): void {
  const exists = statSync(file, { throwIfNoEntry: false })
  replaceFile(exists ? realpathSync(file) : file, content, exists ? exists.mode & 0o777 : 0o600)
}
