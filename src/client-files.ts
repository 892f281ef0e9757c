import { fileURLToPath } from 'node:url'

/** Returns the paths of the files that `GET /client/NAME` serves, by NAME. `just client` packs the tarballs. */
export function clientFiles(version: string): Readonly<Record<string, string>> {
  const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
  return {
    'berth-cli.tgz': file(`dist/berth-cli-${version}.tgz`),
    'berth-client.tgz': file(`dist/berth-client-${version}.tgz`),
    'berth.py': file('clients/python/berth.py'),
  }
}
