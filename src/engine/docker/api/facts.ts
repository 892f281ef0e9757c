/** What Docker knows about its host, its images, and commands that ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../../domain/errors.ts'
import type { SshAddress } from '../../../ports/engine.ts'
import { readLabels } from '../../labels.ts'
import { engineHostOf, sshAddressOf } from '../container/ssh-address.ts'
import type { ContainerInspectInfo } from './types.ts'
import type { Requests } from './requests.ts'
import type { Docker } from './client.ts'
import { Demultiplexer } from './demux.ts'
import { ignoreStatus, unexpectedResponse } from './errors.ts'
import { assertFullId, shortId } from './ids.ts'
import { inspectContainer } from './inspect.ts'

/**
 * Maximum wait for an end: a container in a restart loop runs for a moment between two ends, and Docker notes an end
 * some time after it refuses execs.
 */
const NEXT_END_MS = 1_500
const POLL_MS = 50
/** Number of log lines that are searched for the last one that is not empty. */
const LOG_LINES = 20
const MAX_LOG_BYTES = 64 * 1024
/** Exit codes above this are signals, as shells and `--init` report them. */
const SIGNALLED = 128

/** In milliseconds. */
interface FactDeadlines {
  readonly version: number
  readonly inspect: number
}

export class Facts {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #deadlines: FactDeadlines
  #cpus: number | undefined

  constructor(docker: Docker, requests: Requests, deadlines: FactDeadlines) {
    this.#docker = docker
    this.#requests = requests
    this.#deadlines = deadlines
  }

  /** Returns the number of processors of the engine's host. */
  async countCpus(signal: AbortSignal): Promise<number> {
    this.#cpus ??= (await this.#docker.get<{ NCPU: number }>('/info', { signal })).NCPU
    return this.#cpus
  }

  /** As `Engine.version`. */
  async version(): Promise<string> {
    const { Version } = await this.#requests.run('version', this.#deadlines.version, (signal) =>
      this.#docker.get<{ Version: string }>('/version', { signal }),
    )
    return `docker ${Version}`
  }

  /** As `Engine.imageOf`. */
  async imageOf(id: string): Promise<string | null> {
    const info = await this.#requests.run(`inspect ${shortId(id)}`, this.#deadlines.inspect, (signal) =>
      inspectContainer(this.#docker, assertFullId(id), signal),
    )
    return info?.Image ?? null
  }

  /** As `Engine.sshAddress`. */
  async sshAddress(id: string, instance: string): Promise<SshAddress | null> {
    const info = await this.#requests.run(`inspect ${shortId(id)}`, this.#deadlines.inspect, (signal) =>
      inspectContainer(this.#docker, assertFullId(id), signal),
    )
    const isOurs = info && readLabels(info.Config.Labels ?? {}, instance) !== null
    return isOurs ? sshAddressOf(info, instance, engineHostOf(this.#docker.address)) : null
  }

  /** As `Engine.imageNamed`. */
  async imageNamed(name: string): Promise<string | null> {
    return this.#requests.run(`inspect ${name}`, this.#deadlines.inspect, async (signal) => {
      const path = `/images/${name.split('/').map(encodeURIComponent).join('/')}/json`
      const image = await this.#docker.get<{ Id: string }>(path, { signal }).catch(ignoreStatus(404))
      if (image && typeof image.Id !== 'string') throw unexpectedResponse()
      return image?.Id ?? null
    })
  }

  /** As `Engine.whyDown`. */
  async whyDown(id: string): Promise<string | null> {
    return this.#requests.run(`inspect ${shortId(id)}`, this.#deadlines.inspect + NEXT_END_MS, async (signal) => {
      const state = await this.#ended(assertFullId(id), signal)
      if (state === null) return null
      const output = await this.#lastLine(id, signal)
      return `the image's command ${howEnded(state)}${output === '' ? ', and wrote nothing' : `; it said: ${output}`}`
    })
  }

  /** Returns the state after the latest end; null for a container that runs and has not ended before. */
  async #ended(id: string, signal: AbortSignal): Promise<ContainerInspectInfo['State'] | null> {
    for (let waited = 0; ; waited += POLL_MS) {
      const info = await inspectContainer(this.#docker, id, signal)
      if (!info || info.State.Status === 'created' || info.State.Status === 'paused') return null
      if (info.State.Status !== 'running') return info.State
      // While it runs, Docker shows no exit code of the run before.
      if (waited >= NEXT_END_MS) return null
      await sleep(POLL_MS, undefined, { signal })
    }
  }

  async #lastLine(id: string, signal: AbortSignal): Promise<string> {
    const query = { stdout: true, stderr: true, tail: String(LOG_LINES) }
    const log = await this.#docker.follow(`/containers/${id}/logs`, { query, signal })
    const outputs = new Demultiplexer(MAX_LOG_BYTES)
    for await (const chunk of log) outputs.write(chunk as Buffer)
    const { stdout, stderr } = outputs.outputs()
    const last = (text: string) => text.split('\n').findLast((line) => line.trim() !== '') ?? ''
    return reasonOf(last(stderr) || last(stdout))
  }
}

function howEnded({ ExitCode, OOMKilled }: ContainerInspectInfo['State']): string {
  const memory = OOMKilled ? ' (out of memory)' : ''
  if (ExitCode > SIGNALLED) return `was killed by signal ${ExitCode - SIGNALLED}${memory}`
  return `ended with code ${ExitCode}${memory}`
}
