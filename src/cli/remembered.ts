/**
 * What this user's machine knows of a reservation, and the manager does not: which private key opens it. A folder for
 * each, so that commands that run at once do not overwrite one another:
 *
 *     reservations/<id>/about.json    which manager, and the path of the private key
 *     reservations/<id>/id_ed25519    the key itself, when `berth` made one for this reservation
 *     reservations/<id>/known_hosts   verified host keys, for Ansible
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf, ApiError, type BerthClient } from '../client/client.ts'
import { EXIT, Failure } from './failures.ts'
import { printable } from './terminal.ts'

interface About {
  readonly url: string
  readonly identity?: string
}

export class Remembered {
  readonly #root: string

  constructor(stateDir: string) {
    this.#root = join(stateDir, 'reservations')
  }

  /** Throws when nothing can be remembered: before something is reserved that only a key can open. */
  prepare(): void {
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    accessSync(this.#root, constants.W_OK)
  }

  /** The private key that opens it; undefined when this machine has none. */
  identity(id: string): string | undefined {
    return this.#about(id)?.identity
  }

  setAbout(id: string, about: About): void {
    this.write(id, 'about.json', `${JSON.stringify(about)}\n`)
  }

  /** For what is written besides the key: so that it is forgotten together with the reservation. */
  noteManager(id: string, url: string): void {
    if (!this.#about(id)) this.setAbout(id, { url })
  }

  /** Whole or not at all: whoever reads it meanwhile sees the old or the new one. Gives its path. */
  write(id: string, name: string, content: string): string {
    mkdirSync(this.#folder(id), { recursive: true, mode: 0o700 })
    const file = join(this.#folder(id), name)
    const fresh = `${file}.${process.pid}`
    writeFileSync(fresh, content, { mode: 0o600 })
    renameSync(fresh, file)
    return file
  }

  /** "" when there is no such file. */
  read(id: string, name: string): string {
    try {
      return readFileSync(join(this.#folder(id), name), 'utf8')
    } catch {
      return ''
    }
  }

  forget(id: string): void {
    rmSync(this.#folder(id), { recursive: true, force: true })
  }

  /** Forgets those of this manager that have ended, or of which it knows nothing any more. */
  async forgetEnded(client: BerthClient, url: string): Promise<void> {
    for (const id of this.#ids()) {
      if (this.#about(id)?.url === url && (await isOver(client, id))) this.forget(id)
    }
  }

  #about(id: string): About | undefined {
    try {
      return JSON.parse(this.read(id, 'about.json')) as About
    } catch {
      return undefined
    }
  }

  #ids(): string[] {
    try {
      return readdirSync(this.#root)
    } catch {
      return []
    }
  }

  #folder(id: string): string {
    if (!/^[\w-]+$/.test(id)) throw new Failure(EXIT.unreachable, `"${printable(id)}" is no id of a Berth manager`)
    return join(this.#root, id)
  }
}

async function isOver(client: BerthClient, id: string): Promise<boolean> {
  try {
    return (await answerOf(client.GET('/v1/reservations/{id}', { params: { path: { id } } }))).state === 'ended'
  } catch (error) {
    if (error instanceof ApiError) return error.code === 'not_found'
    throw error
  }
}
