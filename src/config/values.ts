/** Parsers of single values of berth.yml, which come from YAML or from the environment. They throw `InvalidValue`. */
import { isIP } from 'node:net'
import { parseDuration } from '../domain/text/duration.ts'
import { isImageName } from '../domain/text/image-name.ts'
import { isTimeZone } from '../domain/text/local-time.ts'
import { formatBlock, type Ipv4Block, parseBlock } from '../domain/text/ipv4-block.ts'
import { isSecureUrl } from '../domain/text/loopback.ts'
import { isPostgresUrl, MUST_BE_DATABASE } from './database/url.ts'

/** Says what is wrong with a value; the message follows its path. */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue'
}

export type Parser<T> = (value: unknown) => T

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }
const MAX_SPAN_MS = 365 * 86_400_000

export const text: Parser<string> = (value) => {
  if (typeof value !== 'string' || value.trim() === '') throw mustBe('a non-empty string', value)
  return value
}

/** Parses the name of an image. It becomes an argument of `docker`, and never begins with "-". */
export const imageName: Parser<string> = (value) => {
  if (typeof value !== 'string' || !isImageName(value)) throw mustBe('an image such as debian:12 or alpine:3.22', value)
  return value
}

/** Parses a path, or the URL of a PostgreSQL database. Refuses other URLs, which would be used as a path. */
export const database: Parser<string> = (value) => {
  const where = text(value)
  if (where.includes('://') && !isPostgresUrl(where)) throw new InvalidValue(MUST_BE_DATABASE)
  return where
}

export function oneOf<T extends string>(...allowed: readonly T[]): Parser<T> {
  return (value) => {
    const found = allowed.find((word) => word === value)
    if (found === undefined) throw mustBe(allowed.join(' or '), value)
    return found
  }
}

function matching(pattern: RegExp, what: string): Parser<string> {
  return (value) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw mustBe(what, value)
    return value
  }
}

/** Parses the name of a pool or an instance. */
export const slug = matching(/^[a-z][a-z0-9-]{0,30}$/, 'a name of a-z, 0-9 and "-" that begins with a letter')

/** A label of DNS (RFC 1123), as Kubernetes names namespaces. */
export const label = matching(
  /^(?!-)[a-z0-9-]{1,63}(?<!-)$/,
  'up to 63 of a-z, 0-9 and "-" that begin and end with a letter or digit',
)

export function whole(least: number, most: number): Parser<number> {
  return (value) => {
    const number = toNumber(value)
    if (!Number.isInteger(number) || number < least || number > most) {
      throw mustBe(`a whole number from ${least} to ${most}`, value)
    }
    return number
  }
}

export const cores: Parser<number> = (value) => {
  const number = toNumber(value)
  if (!(number >= 0.01 && number <= 1024)) throw mustBe('a number of cores like 1 or 0.5', value)
  return number
}

export const flag: Parser<boolean> = (value) => {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw mustBe('true or false', value)
}

export const timezone: Parser<string> = (value) => {
  if (typeof value !== 'string' || !isTimeZone(value)) throw mustBe('a time zone like Europe/Berlin or UTC', value)
  return value
}

/** "512m" -> bytes. `least` is in MiB. */
export function bytes(least: number): Parser<number> {
  return (value) => {
    const match = /^(\d+(?:\.\d+)?)\s*([bkmg])b?$/i.exec(written(value))
    const [, amount, unit] = match ?? []
    if (amount === undefined || unit === undefined) throw mustBe('a size like 512m or 2g', value)
    const size = Math.round(Number(amount) * (UNITS[unit.toLowerCase()] ?? 1))
    if (size < least * 2 ** 20) throw mustBe(`at least ${least}m`, value)
    return size
  }
}

/** "60m" -> milliseconds */
export const span: Parser<number> = (value) => {
  const milliseconds = typeof value === 'string' ? parseDuration(value) : null
  if (milliseconds === null) throw mustBe('a duration like 90s, 60m, 24h or 7d', value)
  if (milliseconds > MAX_SPAN_MS) throw new InvalidValue(`must not be longer than 365d, not ${show(value)}`)
  return milliseconds
}

/** "2221-2230", "2221,2223-2224" or 2221 -> every port */
export const ports: Parser<number[]> = (value) => {
  const all = written(value)
    .split(',')
    .flatMap((part) => {
      const [, first, last = first] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? []
      const from = Number(first)
      const to = Number(last)
      if (!(from >= 1 && to <= 65_535 && from <= to)) throw mustBe('ports like 2221-2230', value)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    })
  if (new Set(all).size < all.length) throw new InvalidValue(`names a port twice: ${show(value)}`)
  return all
}

export const ipAddress: Parser<string> = (value) => {
  if (typeof value !== 'string' || isIP(value) === 0) throw mustBe('an IP address', value)
  return value
}

/** Parses a list; environment variables have commas between its entries. */
function listOf(isEntry: (entry: string) => boolean, what: string): Parser<string[]> {
  return (value) => {
    const list: unknown = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value
    if (!Array.isArray(list)) throw mustBe(what, value)
    const wrong: unknown = list.find((each) => typeof each !== 'string' || !isEntry(each))
    if (wrong !== undefined) throw new InvalidValue(`must be ${what}, but has ${show(wrong)}`)
    return list
  }
}

export const ipAddresses = listOf((entry) => isIP(entry) !== 0, 'a list of IP addresses, like [192.0.2.53]')

export const cidrs = listOf(isCidr, 'a list of blocks of addresses, like [192.0.2.0/24]')

function isCidr(entry: string): boolean {
  const [, address = '', prefix] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(entry) ?? []
  const version = isIP(address)
  return version !== 0 && Number(prefix) <= (version === 4 ? 32 : 128)
}

/**
 * Parses "10.213.0.0/16". In a block larger than /8, interfaces of two networks could have the same name; /28 has room
 * for one network.
 */
export const addressBlock: Parser<Ipv4Block> = (value) => {
  const block = parseBlock(written(value))
  if (block === null || block.prefix < 8 || block.prefix > 28 || formatBlock(block) !== value)
    throw mustBe('a block of IPv4 addresses from /8 to /28, like 10.213.0.0/16', value)
  return block
}

export interface Listen {
  readonly host: string
  readonly port: number
}

/** "127.0.0.1:8080", "[::1]:8080" */
export const listen: Parser<Listen> = (value) => {
  const [, v6, name, port] = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(written(value)) ?? []
  const host = v6 ?? name
  if (host === undefined || !(Number(port) <= 65_535)) throw mustBe('host:port like 127.0.0.1:8080', value)
  return { host, port: Number(port) }
}

/**
 * Parses an OpenID provider's issuer, which is compared exactly. Plain HTTP is allowed only to the loopback: a host
 * that could answer in the provider's place could make tokens.
 */
export const issuer: Parser<string> = (value) => {
  if (typeof value !== 'string' || !isSecureUrl(value) || /[?#@\s]/.test(value)) {
    throw mustBe('a URL like https://login.example.org', value)
  }
  return value
}

/** "https://Berth.example.org:443/" -> "https://berth.example.org", as browsers send it in the header Origin */
export const origin: Parser<string> = (value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const isPlain = url !== null && ['http:', 'https:'].includes(url.protocol) && url.href === `${url.origin}/`
  if (!isPlain) throw mustBe('a URL without a path, like https://berth.example.org', value)
  return url.origin
}

/** Scopes of OAuth 2.0 (RFC 6749, 3.3), a list or "openid groups". Adds openid. */
export const scopes: Parser<readonly string[]> = (value) => {
  const list: unknown = typeof value === 'string' ? value.trim().split(/[\s,]+/) : value
  const isScope = (scope: unknown) => typeof scope === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)
  if (!Array.isArray(list) || !list.every(isScope)) throw mustBe('a list of scopes like [openid, groups]', value)
  return [...new Set(['openid', ...(list as string[])])]
}

export interface ClaimValue {
  readonly name: string
  readonly value: string
}

/** "groups=berth-admins" */
export const claimValue: Parser<ClaimValue> = (value) => {
  const [, name, wanted] = /^([^=\s]+)=(.+)$/.exec(written(value)) ?? []
  if (name === undefined || wanted === undefined) throw mustBe('claim=value like groups=berth-admins', value)
  return { name, value: wanted }
}

/** A list, or "alpine, debian" */
export const names: Parser<string[]> = (value) => {
  const list: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string' && name !== ''))
    throw mustBe('a list of names', value)
  return list
}

function mustBe(expected: string, value: unknown): InvalidValue {
  return new InvalidValue(`must be ${expected}, not ${show(value)}`)
}

function toNumber(value: unknown): number {
  return typeof value === 'string' && value.trim() !== ''
    ? Number(value)
    : typeof value === 'number'
      ? value
      : Number.NaN
}

/** Returns a text or number as it was written; "" for anything else. */
function written(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Returns a value for messages, without the content of lists and maps. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map'
  return JSON.stringify(value).slice(0, 80)
}
