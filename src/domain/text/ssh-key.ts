/** Public SSH keys as people have them: lines of public key files, with blank lines and comments between them. */

/** Maximum number of keys of one reservation. */
export const MAX_SSH_KEYS = 16

const TYPES = 'ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\\.com'

/** A type that OpenSSH knows, base64 and a comment. */
const SSH_KEY = new RegExp(`^(?:${TYPES}) [A-Za-z0-9+/]{16,8000}={0,3}(?: [^\\p{Cc}]{0,200})?$`, 'u')

/** A key with options before its type, as in authorized_keys. */
const WITH_OPTIONS = new RegExp(`[^ ] (?:${TYPES}) `)

interface SshKeys {
  /** Lines for authorized_keys. */
  readonly keys: readonly string[]
  /** Why the text cannot be used, in words that follow its name; null if it can. */
  readonly problem: string | null
}

/** Reads the keys of a text, such as a whole authorized_keys. A text without any key is a problem. */
export function readSshKeys(text: string): SshKeys {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim().replaceAll(/[ \t]+/g, ' '))
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const bad = keys.find((line) => !SSH_KEY.test(line))
  if (bad !== undefined) {
    const where = lines.length > 1 ? `line ${lines.indexOf(bad) + 1} ` : ''
    return { keys: [], problem: `${where}${lineProblem(bad)}` }
  }
  const problem = keys.length === 0 ? 'contains no public key' : null
  return { keys: [...new Set(keys)], problem }
}

/** Does not repeat the line, which may be a private key. */
function lineProblem(line: string): string {
  if (/^-+ ?BEGIN .*PRIVATE KEY/.test(line) || line.startsWith('PuTTY-User-Key-File')) {
    return 'begins a private key, which must stay with its owner; give the public key, the file that ends in .pub'
  }
  if (/^-+ ?BEGIN /.test(line)) {
    return 'begins a key in another format than that of OpenSSH; `ssh-keygen -i -f FILE` converts it'
  }
  if (WITH_OPTIONS.test(line)) {
    return 'begins with options (such as command="…" or from="…"), which are not supported: leave out what is before the type of the key'
  }
  return 'must be a line of a public key file, such as "ssh-ed25519 AAAA… alice@laptop"'
}
