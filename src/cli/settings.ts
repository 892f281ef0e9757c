/** Which manager is asked, and with which token. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Environment } from './environment.ts'
import { EXIT, Failure } from './failures.ts'

export interface Settings {
  readonly url: string
  readonly token: string | undefined
  /** What named the manager; the default when nothing did. */
  readonly from: 'option' | 'BERTH_URL' | 'config file' | 'default'
}

const DEFAULT_URL = 'http://localhost:8080'

/** --url, BERTH_URL, config file, default: the first that there is. A token of the file is for the file's manager only. */
export function readSettings(option: string | undefined, { url, token, configFile }: Environment): Settings {
  const file = readConfigFile(configFile)
  const chosen = option ?? url ?? file.url ?? DEFAULT_URL
  const from = option !== undefined ? 'option' : url !== undefined ? 'BERTH_URL' : file.url ? 'config file' : 'default'
  const parsed = URL.parse(chosen)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new Failure(EXIT.usage, `"${chosen}" is no URL of a manager`, { advice: `it looks like ${DEFAULT_URL}` })
  }
  const theirs = file.url === undefined ? from === 'default' : sameManager(file.url, chosen)
  return { url: chosen.replace(/\/+$/, ''), token: token ?? (theirs ? file.token : undefined), from }
}

export function writeConfigFile(file: string, content: { url: string; token?: string }): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, stringify(content), { mode: 0o600, flag: 'wx' })
  renameSync(fresh, file)
}

function readConfigFile(file: string): { url?: string; token?: string } {
  let text: string
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      const advice = `chmod 600 ${file}`
      throw new Failure(EXIT.usage, `${file} is open to others, and holds your token`, { advice })
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    if (error instanceof Failure) throw error
    throw new Failure(EXIT.usage, `${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  const content = parseYaml(text, file)
  const unknown = Object.keys(content).filter((key) => key !== 'url' && key !== 'token')
  const wrong = Object.entries(content).filter(([, value]) => typeof value !== 'string')
  if (unknown.length + wrong.length > 0) {
    const key = unknown[0] ?? wrong[0]?.[0]
    throw new Failure(EXIT.usage, `${file}: "${key}" is not understood`, {
      advice: 'it has two keys: url and token, both text',
    })
  }
  return content
}

function parseYaml(text: string, file: string): Record<string, string> {
  try {
    const content: unknown = parse(text)
    if (content === null) return {}
    if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, string>
  } catch {
    // Said below, without showing what may be a token.
  }
  throw new Failure(EXIT.usage, `${file} is not understood`, { advice: 'it has two lines: "url: …" and "token: …"' })
}

function sameManager(a: string, b: string): boolean {
  return URL.parse(a)?.origin === URL.parse(b)?.origin
}
