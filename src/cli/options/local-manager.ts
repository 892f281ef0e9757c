/** Finds the manager of this machine, which commands use by default. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { isMissingFile } from '../../domain/errors.ts'
import { findCheckout } from '../checkout.ts'

export const DEFAULT_URL = 'http://localhost:8080'

/**
 * Returns the places of the manager's berth.yml, in the order of search. The current folder is left out: its berth.yml
 * may belong to another person, and the token would be sent to the address in it.
 */
function configFiles(): readonly string[] {
  const checkout = findCheckout()
  return ['/etc/berth/berth.yml', ...(checkout === null ? [] : [join(checkout, 'berth.yml')])]
}

/** Addresses that include the loopback. */
const LOCAL_HOSTS = ['127.0.0.1', '0.0.0.0', '[::]', '[::1]']

type Variables = Readonly<Record<string, string | undefined>>

/** Returns the URL of BERTH_LISTEN or of `listen` in the manager's berth.yml; the default without either. */
export function localManagerUrl(variables: Variables, files: readonly string[] = configFiles()): string {
  const { BERTH_LISTEN: listen, BERTH_CONFIG: file } = variables
  const address = listen ?? listenOf(file ? [file] : files)
  const [, host, port] = /^(\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(address ?? '') ?? []
  if (host === undefined || port === undefined || Number(port) === 0) return DEFAULT_URL
  return `http://${LOCAL_HOSTS.includes(host) ? 'localhost' : host}:${port}`
}

/** Returns `listen` of the first file that exists. Ignores an invalid file: the manager reports it. */
function listenOf(files: readonly string[]): string | undefined {
  for (const file of files) {
    try {
      const content: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' })
      const isMap = typeof content === 'object' && content !== null && 'listen' in content
      return isMap && typeof content.listen === 'string' ? content.listen : undefined
    } catch (error) {
      if (!isMissingFile(error)) return undefined
    }
  }
  return undefined
}
