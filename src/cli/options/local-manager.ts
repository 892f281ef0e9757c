/** Where the manager of this machine serves, for commands that were told no other one. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const DEFAULT_URL = 'http://localhost:8080'

/**
 * Files of the manager. Not the one of the current folder: it may be another person's, and the token would be sent to
 * the address in it.
 */
const PLACES = [fileURLToPath(new URL('../../../berth.yml', import.meta.url)), '/etc/berth/berth.yml']

/** These addresses include the loopback. */
const LOCAL_HOSTS = ['127.0.0.1', '0.0.0.0', '[::]', '[::1]']

type Variables = Readonly<Record<string, string | undefined>>

/** Returns the URL by `listen` of BERTH_LISTEN or of the manager's berth.yml; otherwise the default one. */
export function localManagerUrl(variables: Variables, places: readonly string[] = PLACES): string {
  const { BERTH_LISTEN: listen, BERTH_CONFIG: file } = variables
  const written = listen ?? listenOf(file ? [file] : places)
  const [, host, port] = /^(\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(written ?? '') ?? []
  if (host === undefined || port === undefined || Number(port) === 0) return DEFAULT_URL
  return `http://${LOCAL_HOSTS.includes(host) ? 'localhost' : host}:${port}`
}

/** Returns `listen` of the first of these files that exists. A file that is not valid is the manager's problem. */
function listenOf(files: readonly string[]): string | undefined {
  for (const file of files) {
    try {
      const content: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' })
      const isMap = typeof content === 'object' && content !== null && 'listen' in content
      return isMap && typeof content.listen === 'string' ? content.listen : undefined
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return undefined
    }
  }
  return undefined
}
