/** The form for reserving: its fields as text, their request, and the field of each violation. */
import type { ReserveRequest } from '../../api/types.ts'
import { readEnd } from '../../words/end-input.ts'
import type { TimeWords } from '../../words/time.ts'

type PasswordChoice = 'random' | 'words' | 'own' | 'none'

export interface Fields {
  readonly pool: string
  readonly count: string
  /** A duration or a time of day. */
  readonly time: string
  readonly username: string
  readonly name: string
  readonly sshKeys: string
  readonly passwordChoice: PasswordChoice
  readonly password: string
  readonly keepalive: string
  readonly wait: string
  readonly note: string
}

export type FieldName = keyof Fields

/** What this browser remembers. */
export interface Remembered {
  readonly username: string
  readonly sshKeys: string
}

/** Returns the fields that a link asks for: `?pool=&count=&for=&user=&name=&note=&wait=&keepalive=&password=words`. */
export function fieldsFrom(query: URLSearchParams, remembered: Remembered, firstPool: string): Fields {
  const choice = query.get('password')
  return {
    pool: query.get('pool') ?? firstPool,
    count: query.get('count') ?? '1',
    time: query.get('for') ?? query.get('until') ?? '',
    username: query.get('user') ?? remembered.username,
    name: query.get('name') ?? '',
    sshKeys: remembered.sshKeys,
    passwordChoice: choice === 'words' ? 'words' : 'random',
    password: '',
    keepalive: query.get('keepalive') ?? '',
    wait: query.get('wait') ?? '',
    note: query.get('note') ?? '',
  }
}

export function requestOf(fields: Fields, now: number, words: TimeWords): ReserveRequest {
  const { pool, count, time, username, name, sshKeys, passwordChoice, password, keepalive, wait, note } = fields
  const end = readEnd(time, now, words)
  const hasKeys = sshKeys.trim() !== ''
  return {
    pool,
    // Text that is not a number is sent unchanged: the manager reports what is wrong.
    count: /^\s*-?\d+\s*$/.test(count) ? Number(count) : (count as unknown as number),
    ...(end !== null && { duration: end.duration }),
    ...given('username', username),
    ...given('name', name),
    ...(hasKeys && { ssh_keys: [sshKeys.trim()] }),
    ...(passwordChoice === 'own' && { password }),
    ...(passwordChoice === 'words' && { password_style: 'words' as const }),
    ...(passwordChoice === 'random' && hasKeys && { password_style: 'random' as const }),
    ...given('keepalive', keepalive),
    ...given('wait', wait),
    ...given('note', note),
  }
}

function given<K extends string>(key: K, value: string): Partial<Record<K, string>> {
  return value.trim() === '' ? {} : ({ [key]: value.trim() } as Record<K, string>)
}

export interface Faults {
  readonly byField: Partial<Readonly<Record<FieldName, string>>>
  /** Those that belong to no field. */
  readonly others: readonly string[]
}

const FIELD_OF: Readonly<Record<string, FieldName>> = {
  pool: 'pool',
  count: 'count',
  duration: 'time',
  username: 'username',
  name: 'name',
  ssh_keys: 'sshKeys',
  password: 'password',
  password_style: 'passwordChoice',
  keepalive: 'keepalive',
  wait: 'wait',
  note: 'note',
}

/** Returns each violation of a 422 at its field. */
export function faultsOf(violations: readonly { readonly path: string; readonly message: string }[]): Faults {
  const byField: Partial<Record<FieldName, string>> = {}
  const others: string[] = []
  for (const { path, message } of violations) {
    const field = FIELD_OF[path.replace(/\[\d+\].*$/, '')]
    if (field === undefined) others.push(`${path} ${message}`)
    else byField[field] ??= message.charAt(0).toUpperCase() + message.slice(1)
  }
  return { byField, others }
}

/** Returns the faults without those of fields that were edited since. */
export function faultsLeft({ byField, others }: Faults, edited: readonly FieldName[]): Faults {
  const left = Object.entries(byField).filter(([field]) => !edited.includes(field as FieldName))
  return { byField: Object.fromEntries(left), others }
}

/** Returns the fault of a form without password and keys, with which no login would be possible; null otherwise. */
export function keyFault({ passwordChoice, sshKeys }: Pick<Fields, 'passwordChoice' | 'sshKeys'>): string | null {
  if (passwordChoice !== 'none' || sshKeys.trim() !== '') return null
  return 'A public key is needed, because there is no password. Or choose a password below.'
}

/** Fields that are hidden until one of them has a value or a violation. */
const MORE: readonly FieldName[] = ['name', 'sshKeys', 'passwordChoice', 'password', 'keepalive', 'wait', 'note']

export function wantsMore(fields: Fields, faults: Faults): boolean {
  const isSet = (field: FieldName) => fields[field] !== '' && field !== 'passwordChoice' && field !== 'sshKeys'
  return MORE.some((field) => faults.byField[field] !== undefined || isSet(field)) || fields.passwordChoice !== 'random'
}
