/** The pods of one namespace: requests for one of them, by its id. */
import { BerthError } from '../../../domain/errors.ts'
import type { KubernetesClient } from '../api/client.ts'
import type { Query } from '../api/connection.ts'
import type { Call } from '../api/requests.ts'
import type { Target } from '../api/stream/channels.ts'
import type { Deadlines } from '../deadlines.ts'
import { idOf, parseId } from './id.ts'
import { CONTAINER } from './manifest.ts'
import type { Pod } from './types.ts'

export class Pods {
  readonly client: KubernetesClient
  readonly namespace: string
  readonly deadlines: Deadlines

  constructor(client: KubernetesClient, namespace: string, deadlines: Deadlines) {
    this.client = client
    this.namespace = namespace
    this.deadlines = deadlines
  }

  /** Returns the path of all pods, or of the pod with this name. */
  path(name = ''): string {
    const all = `/api/v1/namespaces/${encodeURIComponent(this.namespace)}/pods`
    return name === '' ? all : `${all}/${encodeURIComponent(name)}`
  }

  list(labelSelector: string): Promise<Pod[]> {
    const query: Query = { labelSelector }
    return this.client.list<Pod>(this.path(), query, { what: 'list', deadlineMs: this.deadlines.list })
  }

  /** Returns null when there is no pod of this name. */
  named(name: string): Promise<Pod | null> {
    return this.client.get<Pod>(this.path(name), this.inspecting(name))
  }

  /** Returns null when the pod with this id does not exist any more, or never did. */
  async find(id: string): Promise<Pod | null> {
    const parsed = parseId(id)
    const pod = parsed && (await this.named(parsed.name))
    return pod && idOf(pod) === id ? pod : null
  }

  /** Returns where commands run. An id of an earlier pod leads nowhere, because each pod has a name of its own. */
  target(id: string): Target {
    const parsed = parseId(id)
    if (parsed === null) throw new BerthError('guest_failed', `there is no container with the id "${id}"`)
    return { namespace: this.namespace, pod: parsed.name, container: CONTAINER }
  }

  inspecting(name: string): Call {
    return { what: `inspect ${name}`, deadlineMs: this.deadlines.inspect }
  }
}
