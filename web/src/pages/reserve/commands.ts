/** The same reservation as a command: with curl, and with berth. */
import type { Reservation, ReserveRequest } from '../../api/types.ts'
import { quoted } from '../../words/shell.ts'

/** Returns null if the person chose the password: it must not appear in shell histories and process lists. */
export function curlCommand(origin: string, request: ReserveRequest, needsToken: boolean): string | null {
  if (request.password !== undefined) return null
  return [
    'curl -X POST',
    ...(needsToken ? ['-H "Authorization: Bearer $BERTH_TOKEN"'] : []),
    "-H 'Content-Type: application/json'",
    `-d ${quoted(JSON.stringify(request))}`,
    quoted(`${origin}/v1/reservations`),
  ].join(' ')
}

/** Returns a command that asks for the password if the person chose it. */
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
    ...keys.map((key) => ['--key', key] as const),
  ]
  return [
    `berth --url ${quoted(origin)} reserve`,
    ...options.flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${quoted(value)}`])),
    ...(request.password === undefined ? [] : ['--password-stdin']),
    ...(request.password_style === undefined ? [] : [`--password-${request.password_style}`]),
  ].join(' ')
}

/** Returns the lines for ~/.ssh/known_hosts. */
export function knownHosts({ containers }: Pick<Reservation, 'containers'>): string {
  return containers.flatMap(({ known_hosts: line }) => line ?? []).join('\n')
}
