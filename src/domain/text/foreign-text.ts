/** Makes text of another party safe for its sink: one function per kind of sink, used by every sink. */

/**
 * Characters that a terminal executes or shows in a misleading way: controls (C0, DEL, C1), invisible and
 * bidirectional format characters, line and paragraph separators, and halves of surrogate pairs.
 */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Returns one line for a terminal or for plain text; unsafe characters become "?". */
export function forTerminal(text: string): string {
  return text.replaceAll(UNSHOWN, '?')
}

/** Like `forTerminal` for several lines, such as a stack trace or CSV: line breaks and tabs stay. */
export function linesForTerminal(text: string): string {
  return text.replaceAll(UNSHOWN, (found, at: number) => {
    const isBreak = found === '\n' || found === '\t' || (found === '\r' && text[at + 1] === '\n')
    return isBreak ? found : '?'
  })
}

/** Returns JSON that is safe on a terminal: the value is unchanged, unsafe characters are written as \uXXXX. */
export function forJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent))
}

/** Like `forJson` for JSON text: outside of its strings there is only ASCII. */
export function escapeJson(json: string): string {
  // JSON.stringify escapes C0 and unpaired surrogates itself; the line breaks of its indentation must stay.
  return json.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  )
}

/** Returns the text as one word of a shell. */
export function forShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Returns a variable for an Ansible inventory. Ansible evaluates {{ … }} in plain strings, also within lists and
 * maps, but not in a string marked unsafe. Lists and maps become their JSON text.
 */
export function forAnsible(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  return { __ansible_unsafe: typeof value === 'string' ? value : (JSON.stringify(value) ?? '') }
}

/**
 * Whether this is one plain word where a shell, ssh or Ansible expects a name (completion, inventory hosts, user
 * names): not an option, not a pattern, nothing that any of them expands.
 */
export function isPlainName(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)
}

/** Whether this is the name of a container, POOL-N. "localhost" and "all" mean something else to Ansible. */
export function isContainerName(text: unknown): text is string {
  return isPlainName(text) && /^[a-z][a-z0-9-]*-\d+$/.test(text)
}

/** Whether this is an ed25519 host key for known_hosts: type and base64, and nothing else. */
export function isHostKey(text: unknown): text is string {
  return typeof text === 'string' && /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}$/.test(text)
}

/** Whether this can be the address that ssh connects to: a host name, an IPv4 or an IPv6 address. */
export function isPlainHost(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_:][A-Za-z0-9._:-]{0,254}$/.test(text)
}

export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535
}
