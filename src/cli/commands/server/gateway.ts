import { type Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '../../../domain/text/duration.ts'
import type { Cli } from '../../command-context.ts'

const ABOUT = `Forwards SSH connections to the containers, apart from the managers, until Ctrl-C or SIGTERM. Open
connections continue while managers restart. Its berth.yml is that of the managers, with ssh.gateway and a PostgreSQL
database. Several can run at once.`

const MAX_DRAIN_MS = 24 * 3_600_000

interface Options {
  readonly listen?: string
  readonly health?: { readonly host: string; readonly port: number }
  readonly drain: number
}

export function addGateway(program: Command, cli: Cli): void {
  program
    .command('gateway')
    .summary('forward SSH connections, apart from the managers')
    .description(ABOUT)
    .option('--listen <address>', 'IP address on which it listens (default: ssh.gateway.listen of berth.yml)')
    .option('--health <host:port>', 'serve /healthz, /readyz and /metrics here', hostAndPort)
    .option('--drain <duration>', 'after SIGTERM, keep open connections for at most this time (20s)', drain, 20_000)
    .action(async ({ listen, health, drain: drainMs }: Options) => {
      cli.interrupts.leave()
      const { openAlone } = await import('../../../gateway/alone.ts')
      const { serveAlone } = await import('../../../gateway/serve-alone.ts')
      const { loadConfig } = await import('../../../config/config.ts')
      await serveAlone(await openAlone(loadConfig(), { listen: listen ?? null, health: health ?? null, drainMs }))
    })
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, v6, name, port] = /^(?:\[([0-9a-f:]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined || !(Number(port) <= 65_535)) throw new InvalidArgumentError('Expected host:port.')
  return { host, port: Number(port) }
}

function drain(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text)
  if (ms === null || ms > MAX_DRAIN_MS) throw new InvalidArgumentError('Expected a duration such as 20s, at most 24h.')
  return ms
}
