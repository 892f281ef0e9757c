/** Public keys that people publish at GitHub and GitLab. The command fetches them; the manager never does. */
import { reasonOf } from '../../domain/errors.ts'
import { isPlainName } from '../../domain/text/foreign-text.ts'
import { readSshKeys } from '../../domain/text/ssh-key.ts'
import { EXIT, Failure } from '../failures.ts'

const TIMEOUT_MS = 10_000

/** Maximum size of a list of keys. 16 keys of RSA with 16,384 bits are 45 KiB. */
const MAX_BYTES = 256 * 1024

/** By the prefix of --key: the server that publishes a user's keys at /NAME.keys. */
export type KeyServers = Readonly<Record<'gh' | 'gl', string>>

/** Returns the URL of the keys that `gh:NAME` or `gl:NAME` stands for; null for the name of a file. */
export function publishedAt(named: string, servers: KeyServers): URL | null {
  const [, prefix, name = ''] = /^(gh|gl):(.*)$/s.exec(named) ?? []
  if (prefix !== 'gh' && prefix !== 'gl') return null
  const advice = `write ${prefix}:NAME with a user name, or ./${prefix}:FILE for a file`
  if (!isPlainName(name)) throw new Failure(EXIT.usage, `"${name}" is not a user name`, { advice })
  const url = URL.parse(`${servers[prefix].replace(/\/+$/, '')}/${name}.keys`)
  if (url && ['http:', 'https:'].includes(url.protocol)) return url
  const which = prefix === 'gh' ? 'BERTH_GITHUB_URL' : 'BERTH_GITLAB_URL'
  throw new Failure(EXIT.usage, `invalid ${which} "${servers[prefix]}"`, { advice: 'it must begin with https://' })
}

/** Fetches the keys at this URL. Throws a `Failure` if there are none. */
export async function fetchKeys(url: URL): Promise<readonly string[]> {
  const advice = 'save the public key in a file, and name the file: --key FILE'
  const refuse = (why: string) => new Failure(EXIT.failed, `no keys from ${url.href}: ${why}`, { advice })
  const text = await download(url).catch((error: unknown) => {
    throw refuse(error instanceof Error && error.name === 'TimeoutError' ? 'no answer within 10 s' : causeOf(error))
  })
  if (typeof text === 'number') throw refuse(text === 404 ? 'there is no such user' : `the answer is HTTP ${text}`)
  if (text.trim() === '') throw refuse('this user has published no key')
  const { keys, problem } = readSshKeys(text)
  if (problem !== null) throw refuse(`the answer ${problem}`)
  return keys
}

/** Returns the text, or the status of an answer that is not 200. A redirect could lead to another user's keys. */
async function download(url: URL): Promise<string | number> {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    return answer.status
  }
  let text = ''
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part
    if (text.length > MAX_BYTES) throw new Error(`the answer exceeds ${MAX_BYTES / 1024} KiB`)
  }
  return text
}

/** Returns why fetch failed: its own message is only "fetch failed". */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  return reasonOf(cause instanceof Error ? cause : error)
}
