/** Which manager the command calls, and with which token. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parse, stringify } from 'yaml'
import { isMissingFile, reasonOf } from '../../domain/errors.ts'
import type { Environment } from '../environment.ts'
import { EXIT, Failure } from '../failures.ts'
import { DEFAULT_URL, localManagerUrl } from './local-manager.ts'

export interface Settings {
  readonly url: string
  readonly token: string | undefined
  /** Where the URL comes from. */
  readonly from: 'option' | 'BERTH_URL' | 'config file' | 'default'
}

const FORMAT = 'it must have two lines: "url: …" and "token: …"'

/**
 * Uses the first URL of these: --url, BERTH_URL, the config file, the manager of this machine. The token of the file
 * is sent only to the manager of the file.
 */
export function readSettings(option: string | undefined, { url, token, configFile, variables }: Environment): Settings {
  const file = readConfigFile(configFile)
  const chosen = option ?? url ?? file.url ?? localManagerUrl(variables)
  const from = option !== undefined ? 'option' : url !== undefined ? 'BERTH_URL' : file.url ? 'config file' : 'default'
  const parsed = URL.parse(chosen)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    const advice = `it must start with http:// or https://, like ${DEFAULT_URL}`
    throw new Failure(EXIT.usage, `invalid manager URL "${chosen}"`, { advice })
  }
  const isFilesManager = file.url === undefined ? from === 'default' : URL.parse(file.url)?.origin === parsed.origin
  return { url: chosen.replace(/\/+$/, ''), token: token ?? (isFilesManager ? file.token : undefined), from }
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
      throw new Failure(EXIT.usage, `${file} is accessible to other users`, { advice: `chmod 600 ${file}` })
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissingFile(error)) return {}
    if (error instanceof Failure) throw error
    throw new Failure(EXIT.usage, `${file} cannot be read: ${reasonOf(error)}`)
  }
  const content = parseYaml(text, file)
  for (const [key, value] of Object.entries(content)) {
    const isKnown = key === 'url' || key === 'token'
    const problem = !isKnown ? 'unknown key' : typeof value !== 'string' ? 'not a string:' : null
    if (problem !== null) throw new Failure(EXIT.usage, `${file}: ${problem} "${key}"`, { advice: FORMAT })
  }
  return content
}

/** Throws a `Failure` that does not show the content, which may be a token. */
function parseYaml(text: string, file: string): Record<string, unknown> {
  try {
    const content: unknown = parse(text)
    if (content === null) return {}
    if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>
  } catch {
    // Reported below.
  }
  throw new Failure(EXIT.usage, `${file} is not a valid config file`, { advice: FORMAT })
}
