/** Images that are made from containers on which a pool's playbook has run. */
import type { PreparedImage } from '../../../ports/engine.ts'
import { imageLabels, preparedLabels } from '../../labels.ts'
import type { Docker } from '../api/client.ts'
import { ignoreStatus, unexpectedResponse } from '../api/errors.ts'
import { assertFullId } from '../api/ids.ts'
import type { Requests } from '../api/requests.ts'
import type { ImageInfo } from '../api/types.ts'

/** Maximum duration of a commit, which copies the files that the playbook has written: gigabytes for a desktop. */
const COMMIT_MS = 10 * 60_000
const LIST_MS = 10_000
const REMOVE_MS = 60_000

export class PreparedImages {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #instance: string

  constructor(docker: Docker, requests: Requests, instance: string) {
    this.#docker = docker
    this.#requests = requests
    this.#instance = instance
  }

  /** See `Engine.commit`. */
  async commit(id: string, { pool, name }: PreparedImage): Promise<void> {
    if ((await this.names(pool)).includes(name)) return
    const [repo = '', tag = ''] = name.split(':')
    const labels = Object.entries(imageLabels(this.#instance, pool))
    const changes = labels.map(([label, value]) => `LABEL ${label}=${JSON.stringify(value)}`).join('\n')
    // Stopped, so it need not be paused.
    const query = { container: assertFullId(id), repo, tag, pause: false, changes }
    await this.#requests.run(`make the image ${name}`, COMMIT_MS, (signal) =>
      this.#docker.post('/commit', { query, signal }),
    )
  }

  /** See `Engine.preparedImages`. */
  async names(pool: string): Promise<readonly string[]> {
    const images = await this.#list(pool)
    return images.toSorted((a, b) => b.Created - a.Created).flatMap(({ RepoTags }) => RepoTags ?? [])
  }

  /** See `Engine.removePreparedImages`. */
  async removeExcept({ pool, name }: PreparedImage): Promise<void> {
    const others = (await this.#list(pool)).filter(({ RepoTags }) => RepoTags?.includes(name) !== true)
    for (const { Id } of others) {
      await this.#requests.run(`remove the image ${Id}`, REMOVE_MS, (signal) =>
        // 404: gone. 409: in use by a container.
        this.#docker.delete(`/images/${Id}`, { signal }).catch(ignoreStatus(404, 409)),
      )
    }
  }

  async #list(pool: string): Promise<readonly ImageInfo[]> {
    const labels = Object.entries(preparedLabels(this.#instance, pool)).map(([name, value]) => `${name}=${value}`)
    const query = { filters: { label: labels } }
    const images = await this.#requests.run('list the prepared images', LIST_MS, (signal) =>
      this.#docker.get<readonly ImageInfo[]>('/images/json', { query, signal }),
    )
    if (!Array.isArray(images)) throw unexpectedResponse()
    return images
  }
}
