/** Keeps Ansible's output of the latest failed run on each container, so that an operator can find the cause. */
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../domain/errors.ts'

/** Maximum size of a file. The end of a longer output is kept, because the failure is there. */
const MAX_FILE_BYTES = 2 ** 20
/** Maximum number of files. There is one per container, and files of removed or renamed pools stay behind. */
const MAX_FILES = 100
const SUFFIX = '.log'

export class OutputFiles {
  readonly #directory: string

  /** `directory` is created with the first file. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Replaces the file of a container. Returns a sentence that says where the output is; never rejects. */
  async keep(container: string, output: string): Promise<string> {
    const path = this.#pathOf(container)
    try {
      // Playbooks may print secrets of the operator.
      await mkdir(this.#directory, { recursive: true, mode: 0o700 })
      await writeFile(path, endOf(output), { mode: 0o600 })
      await chmod(path, 0o600)
      await this.#removeOldest()
      return `Ansible's output: ${path}`
    } catch (error) {
      return `Ansible's output could not be kept: ${reasonOf(error)}`
    }
  }

  /** Removes the file of a container on which a run has succeeded; never rejects. */
  async remove(container: string): Promise<void> {
    await rm(this.#pathOf(container), { force: true }).catch(() => undefined)
  }

  #pathOf(container: string): string {
    return join(this.#directory, `${container}${SUFFIX}`)
  }

  async #removeOldest(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(SUFFIX))
    if (names.length <= MAX_FILES) return
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name)
        // Another run may have removed it.
        return { path, at: (await stat(path).catch(() => null))?.mtimeMs ?? 0 }
      }),
    )
    const oldest = files.toSorted((a, b) => a.at - b.at).slice(0, names.length - MAX_FILES)
    for (const { path } of oldest) await rm(path, { force: true })
  }
}

function endOf(output: string): string {
  const bytes = Buffer.from(output)
  if (bytes.length <= MAX_FILE_BYTES) return output
  const omitted = bytes.length - MAX_FILE_BYTES
  return `… the first ${omitted} bytes were omitted\n${bytes.subarray(omitted).toString('utf8')}`
}
