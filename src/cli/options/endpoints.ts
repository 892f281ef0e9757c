/** How paths in containers and ports of forwards are written on the command line. */
import { EXIT, Failure } from '../failures.ts'

/** A path on this machine, or in the container of a reservation. */
export type Endpoint =
  | { readonly kind: 'local'; readonly path: string }
  /** `name` is undefined for the caller's only reservation. */
  | { readonly kind: 'remote'; readonly name: string | undefined; readonly path: string }

/** Parses "PATH" and "NAME:PATH". A colon behind a slash belongs to a local path, as with scp and docker. */
export function parseEndpoint(text: string): Endpoint {
  const colon = text.indexOf(':')
  if (colon < 0 || text.slice(0, colon).includes('/')) return { kind: 'local', path: asPath(text) }
  return { kind: 'remote', name: text.slice(0, colon) || undefined, path: text.slice(colon + 1) }
}

/** Returns a local path that scp and rsync take neither for an option nor for one on another host. */
function asPath(text: string): string {
  return /^\.{0,2}\//.test(text) ? text : `./${text}`
}

/** What is copied where: one side is local, the other one is in one container. */
export interface Transfer {
  readonly name: string | undefined
  readonly direction: 'upload' | 'download'
  readonly sources: readonly string[]
  readonly target: string
}

/** Parses "SOURCE... TARGET". Throws a `Failure` unless exactly one side is in a container. */
export function parseTransfer(words: readonly string[]): Transfer {
  const advice = 'like `berth cp FILE NAME:PATH`, or `berth cp NAME:PATH FILE`'
  const endpoints = words.map(parseEndpoint)
  const [target, sources] = [endpoints.at(-1), endpoints.slice(0, -1)]
  if (!target || sources.length === 0) throw new Failure(EXIT.usage, 'give a source and a target', { advice })
  const [first] = sources
  const paths = sources.map(({ path }) => path)
  const isAlike = sources.every(
    (each) =>
      each.kind === first?.kind && (each.kind === 'local' || first.kind === 'local' || each.name === first.name),
  )
  if (isAlike && first?.kind === 'local' && target.kind === 'remote') {
    return { name: target.name, direction: 'upload', sources: paths, target: target.path }
  }
  if (isAlike && first?.kind === 'remote' && target.kind === 'local') {
    return { name: first.name, direction: 'download', sources: paths, target: target.path }
  }
  const message = 'either the target or all sources must be in one container, the other side on this machine'
  throw new Failure(EXIT.usage, message, { advice })
}

/** A port of this machine that leads to a port in a container. */
export interface Forward {
  readonly local: number
  readonly remote: number
}

const FORWARD = /^(\d{1,5})(?::(\d{1,5}))?$/

/** Parses "[NAME] LOCAL[:REMOTE]...". Throws a `Failure` for ports that do not exist. */
export function parseForwards(words: readonly string[]): {
  readonly name: string | undefined
  readonly forwards: readonly Forward[]
} {
  const [first = ''] = words
  const isName = !FORWARD.test(first)
  const advice = 'like `berth forward NAME 8000`, or `berth forward NAME 8000:80` for port 80 in the container'
  const ports = isName ? words.slice(1) : words
  if (ports.length === 0) throw new Failure(EXIT.usage, 'give the ports to forward', { advice })
  const forwards = ports.map((text) => {
    const [, local, remote = local] = FORWARD.exec(text) ?? []
    const forward = { local: Number(local), remote: Number(remote) }
    if (!isForwardable(forward.local) || !isForwardable(forward.remote)) {
      throw new Failure(EXIT.usage, `invalid ports "${text}": expected LOCAL[:REMOTE], each from 1 to 65535`, {
        advice,
      })
    }
    return forward
  })
  return { name: isName ? first : undefined, forwards }
}

function isForwardable(port: number): boolean {
  return port >= 1 && port <= 65_535
}
