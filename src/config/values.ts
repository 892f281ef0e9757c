/** How single values of berth.yml are written. Each parser takes what YAML or the environment gave and throws a Problem. */
import { isIP } from 'node:net'
import { parseDuration } from '../core/duration.ts'

/** What is wrong with a value, in words that follow its path. */
export class Problem extends Error {
  override readonly name = 'Problem'
}

export type Parser<T> = (value: unknown) => T

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }
const LONGEST_SPAN = 365 * 86_400_000

export const text: Parser<string> = (value) => {
  if (typeof value !== 'string' || value.trim() === '') throw new Problem(`must be a text, not ${show(value)}`)
  return value
}

/** A path; a URL of a database server is told apart from one, since it would be taken for a strange folder. */
export const file: Parser<string> = (value) => {
  const path = text(value)
  if (path.includes('://'))
    throw new Problem(`must be a file such as containers.db; database servers are not supported yet`)
  return path
}

export function oneOf<T extends string>(...allowed: readonly T[]): Parser<T> {
  return (value) => {
    const found = allowed.find((word) => word === value)
    if (found === undefined) throw new Problem(`must be ${allowed.join(' or ')}, not ${show(value)}`)
    return found
  }
}

export function matching(pattern: RegExp, what: string): Parser<string> {
  return (value) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new Problem(`must be ${what}, not ${show(value)}`)
    return value
  }
}

export function whole(least: number, most: number): Parser<number> {
  return (value) => {
    const number = toNumber(value)
    if (!Number.isInteger(number) || number < least || number > most) {
      throw new Problem(`must be a whole number from ${least} to ${most}, not ${show(value)}`)
    }
    return number
  }
}

export const cores: Parser<number> = (value) => {
  const number = toNumber(value)
  if (!(number >= 0.01 && number <= 1024))
    throw new Problem(`must be a number of cores like 1 or 0.5, not ${show(value)}`)
  return number
}

export const flag: Parser<boolean> = (value) => {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new Problem(`must be true or false, not ${show(value)}`)
}

/** "512m" -> bytes */
export const bytes: Parser<number> = (value) => {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg])b?$/i.exec(written(value))
  const [, amount, unit] = match ?? []
  if (amount === undefined || unit === undefined)
    throw new Problem(`must be a size like 512m or 2g, not ${show(value)}`)
  const size = Math.round(Number(amount) * (UNITS[unit.toLowerCase()] ?? 1))
  // Docker refuses less; sshd, a shell and Ansible's python3 need it in any case.
  if (size < 32 * 2 ** 20) throw new Problem(`must be at least 32m, not ${show(value)}`)
  return size
}

/** "60m" -> milliseconds */
export const span: Parser<number> = (value) => {
  const milliseconds = typeof value === 'string' ? parseDuration(value) : null
  if (milliseconds === null) throw new Problem(`must be a duration like 90s, 60m, 24h or 7d, not ${show(value)}`)
  if (milliseconds > LONGEST_SPAN) throw new Problem(`must not be longer than 365d, not ${show(value)}`)
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
      if (!(from >= 1 && to <= 65_535 && from <= to))
        throw new Problem(`must be ports like 2221-2230, not ${show(value)}`)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    })
  if (new Set(all).size < all.length) throw new Problem(`names a port twice: ${show(value)}`)
  return all
}

export const ipAddress: Parser<string> = (value) => {
  if (typeof value !== 'string' || isIP(value) === 0) throw new Problem(`must be an IP address, not ${show(value)}`)
  return value
}

export interface Listen {
  readonly host: string
  readonly port: number
}

/** "127.0.0.1:8080", "[::1]:8080" */
export const listen: Parser<Listen> = (value) => {
  const [, v6, name, port] = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(written(value)) ?? []
  const host = v6 ?? name
  if (host === undefined || !(Number(port) <= 65_535))
    throw new Problem(`must be host:port like 127.0.0.1:8080, not ${show(value)}`)
  return { host, port: Number(port) }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** An OpenID provider's name, to the letter. Whoever could answer in its place could make tokens: plain HTTP stays at home. */
export const issuer: Parser<string> = (value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const secure =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
  if (!secure || typeof value !== 'string' || /[?#@\s]/.test(value)) {
    throw new Problem(`must be a URL like https://login.example.org, not ${show(value)}`)
  }
  return value
}

export interface ClaimValue {
  readonly name: string
  readonly value: string
}

/** "groups=berth-admins" */
export const claimValue: Parser<ClaimValue> = (value) => {
  const [, name, wanted] = /^([^=\s]+)=(.+)$/.exec(written(value)) ?? []
  if (name === undefined || wanted === undefined)
    throw new Problem(`must be claim=value like groups=berth-admins, not ${show(value)}`)
  return { name, value: wanted }
}

/** A list, or "alpine, debian" */
export const names: Parser<string[]> = (value) => {
  const list: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string' && name !== ''))
    throw new Problem(`must be a list of names, not ${show(value)}`)
  return list
}

function toNumber(value: unknown): number {
  return typeof value === 'string' && value.trim() !== ''
    ? Number(value)
    : typeof value === 'number'
      ? value
      : Number.NaN
}

/** What stood there, if that was one text or number. */
function written(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** For problems: short, and without what is inside of it. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map'
  return JSON.stringify(value).slice(0, 80)
}
