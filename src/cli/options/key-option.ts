/** `--key` of the commands that reserve. */
import { readSshKeys } from '../../domain/text/ssh-key.ts'
import type { Cli } from '../command-context.ts'
import type { Terminal } from '../output/terminal.ts'
import { readKeyFile, type SshKeys } from '../ssh/keys.ts'
import { fetchKeys, publishedAt } from '../ssh/published-keys.ts'
import { keyFingerprint } from '../ssh/verify-host-key.ts'

/** Reads the keys that `--key` names. Keys from another host are shown before they are used. */
export async function readKeys(
  { environment }: Pick<Cli, 'environment'>,
  terminal: Terminal,
  named: readonly string[] = [],
): Promise<SshKeys[]> {
  const read = named.map(async (name) => {
    const url = publishedAt(name, environment.keyServers)
    if (url === null) return readKey(name)
    const publicKeys = await fetchKeys(url)
    terminal.note(`Keys from ${url.href}:`)
    for (const key of publicKeys) {
      const [type = '', blob = '', ...comment] = key.split(' ')
      terminal.note(`  ${keyFingerprint(blob)} ${type} ${comment.join(' ')}`.trimEnd())
    }
    return { publicKeys, identity: undefined }
  })
  return Promise.all(read)
}

/** Returns the keys of this text if it is a public key, otherwise those of the file of this name. */
function readKey(text: string): SshKeys {
  const { keys, problem } = readSshKeys(text)
  return problem === null ? { publicKeys: keys, identity: undefined } : readKeyFile(text)
}
