/**
 * What this machine stores about reservations, above all which private key belongs to each. Every reservation has a
 * folder, so that concurrent commands do not overwrite each other:
 *
 *     reservations/<id>/about.json    which manager, and the path of the private key
 *     reservations/<id>/id_ed25519    the key itself, if `berth` created one for this reservation
 *     reservations/<id>/known_hosts   verified host keys, for Ansible
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf, ApiError, type BerthClient } from '../../client/client.ts'
import { EXIT, Failure } from '../failures.ts'

interface About {
  readonly url: string
  readonly identity?: string
}

export class LocalState {
  readonly #root: string

  constructor(stateDir: string) {
    this.#root = join(stateDir, 'reservations')
  }

  /** Throws if nothing can be stored. To be called before a reserve that only a stored key can log in to. */
  assertWritable(): void {
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    accessSync(this.#root, constants.W_OK)
  }

  /** Returns the file of a reservation's private key, if this machine has it. */
  identity(id: string): string | undefined {
    return this.#about(id)?.identity
  }

  save(id: string, about: About): void {
    this.writeFile(id, 'about.json', `${JSON.stringify(about)}\n`)
  }

  /** Replaces a file atomically. Returns its path. */
  writeFile(id: string, name: string, content: string): string {
    mkdirSync(this.#folder(id), { recursive: true, mode: 0o700 })
    const file = join(this.#folder(id), name)
    const fresh = `${file}.${process.pid}`
    writeFileSync(fresh, content, { mode: 0o600 })
    renameSync(fresh, file)
    return file
  }

  /** Returns "" if there is no such file. */
  readFile(id: string, name: string): string {
    try {
      return readFileSync(join(this.#folder(id), name), 'utf8')
    } catch {
      return ''
    }
  }

  forget(id: string): void {
    rmSync(this.#folder(id), { recursive: true, force: true })
  }

  /** Forgets reservations of this manager that have ended or that it does not know any more. */
  async forgetEnded(client: BerthClient, url: string): Promise<void> {
    for (const id of this.#ids()) {
      if (this.#about(id)?.url === url && (await hasEnded(client, id))) this.forget(id)
    }
  }

  #about(id: string): About | undefined {
    try {
      return JSON.parse(this.readFile(id, 'about.json')) as About
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
    if (!/^[\w-]+$/.test(id)) throw new Failure(EXIT.unreachable, `the manager sent the invalid reservation id "${id}"`)
    return join(this.#root, id)
  }
}

async function hasEnded(client: BerthClient, id: string): Promise<boolean> {
  try {
    return (await answerOf(client.GET('/v1/reservations/{id}', { params: { path: { id } } }))).state === 'ended'
  } catch (error) {
    if (error instanceof ApiError) return error.code === 'not_found'
    throw error
  }
}
