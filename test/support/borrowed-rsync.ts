/** rsync for the client's side of a test: the machine's own, otherwise that of `berth/box` with all its libraries. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker } from '../../lab/docker.ts'

/** Prints an archive of rsync, its libraries and the program loader. */
const PACK = 'r=$(command -v rsync); tar -ch "$r" $(ldd "$r" | grep -o "/[^ ]*") 2>/dev/null | base64'

/** Returns a PATH on which rsync is found. `folder` must be empty. */
export async function pathWithRsync(folder: string): Promise<string> {
  const path = process.env['PATH'] ?? ''
  if (spawnSync('rsync', ['--version']).error === undefined) return path
  const archive = await docker('run', '--rm', '--network', 'none', '--entrypoint', 'sh', 'berth/box', '-c', PACK)
  mkdirSync(join(folder, 'root'), { recursive: true })
  execFileSync('tar', ['-xC', join(folder, 'root')], { input: Buffer.from(archive, 'base64') })
  const names = execFileSync('find', [join(folder, 'root'), '-type', 'f'], { encoding: 'utf8' })
    .trim()
    .split('\n')
  const loader = names.find((name) => /\/ld-[^/]*\.so\.\d+$/.test(name))
  const rsync = names.find((name) => name.endsWith('/rsync'))
  const libraries = [...new Set(names.map((name) => join(name, '..')))].join(':')
  const script = `#!/bin/sh\nexec '${loader}' --library-path '${libraries}' '${rsync}' "$@"\n`
  writeFileSync(join(folder, 'rsync'), script, { mode: 0o755 })
  return `${folder}:${path}`
}
