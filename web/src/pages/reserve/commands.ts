/** The same reservation as a command: with curl, and with berth. */
import type { Reservation, ReserveRequest } from '../../api/types.ts'

/** Quotes text as one word of a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Placeholder for a typed password, because commands appear in histories and process lists. */
const OWN_PASSWORD = 'PASSWORD'

export function curlCommand(origin: string, request: ReserveRequest, needsToken: boolean): string {
  const body = JSON.stringify(request.password === undefined ? request : { ...request, password: OWN_PASSWORD })
  return [
    'curl -X POST',
    ...(needsToken ? ['-H "Authorization: Bearer $BERTH_TOKEN"'] : []),
    "-H 'Content-Type: application/json'",
    `-d ${quoted(body)}`,
    quoted(`${origin}/v1/reservations`),
  ].join(' ')
}

export function berthCommand(origin: string, request: ReserveRequest): string {
  const { pool, count = 1, duration, username, name, note, wait, keepalive, ssh_keys: keys = [] } = request
  const options: readonly (readonly [option: string, value: string | undefined])[] = [
    ['--pool', pool],
    ['--count', count === 1 ? undefined : String(count)],
    ['--for', duration],
    ['--user', username],
    ['--name', name],
    ['--note', note],
    ['--wait', wait],
    ['--keepalive', keepalive],
    ['--key', keys.length > 0 ? '~/.ssh/id_ed25519.pub' : undefined],
  ]
  return [
    `berth --url ${quoted(origin)} reserve`,
    ...options.flatMap(([option, value]) =>
      value === undefined ? [] : [`${option} ${value.startsWith('~/') ? value : quoted(value)}`],
    ),
    ...(request.password === undefined ? [] : ['--password-stdin']),
    ...(request.password_style === 'words' ? ['--password-words'] : []),
  ].join(' ')
}

/** Returns the lines for ~/.ssh/known_hosts. */
export function knownHosts({ containers }: Pick<Reservation, 'containers'>): string {
  return containers.flatMap(({ known_hosts: line }) => line ?? []).join('\n')
}
