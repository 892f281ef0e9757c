/** Reads `trust_proxy` of berth.yml. */
import { isIP } from 'node:net'
import { InvalidValue, names, type Parser, show } from './values.ts'

/** Parses a list of IP addresses, networks and "loopback", or a text with commas between them. */
export const proxies: Parser<string[]> = (value) => {
  const written = names(value)
  const bad = written.find((text) => !isProxy(text))
  if (bad === undefined) return written
  const allowed = 'loopback, IP addresses and networks like 10.0.0.0/8'
  throw new InvalidValue(`must be a list of ${allowed}, not ${show(bad)}`)
}

/** Refuses a network of length 0: with it, every client could choose its own address. */
function isProxy(text: string): boolean {
  if (text === 'loopback') return true
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return most > 0 && (length === undefined || (Number(length) >= 1 && Number(length) <= most))
}
