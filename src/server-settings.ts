/** The settings that a server reads for each request, from berth.yml. */
import type { Config } from './config/config.ts'
import type { LiveConfig } from './config/live-config.ts'
import { DEFAULT_PASSWORD } from './domain/account.ts'
import { isLoopback } from './domain/text/loopback.ts'
import type { ServerSettings } from './http/context.ts'

/** Returns a function for the settings in use. Every request calls it, so it derives them once per reload. */
export function latestSettings(live: LiveConfig): () => ServerSettings {
  let config = live.current
  let settings = serverSettings(config)
  return () => {
    if (config !== live.current) {
      config = live.current
      settings = serverSettings(config)
    }
    return settings
  }
}

function serverSettings({
  auth,
  instance,
  listen: { host },
  sshHost,
  sshTunnel,
  sshGateway,
  rateLimit,
  url,
}: Config): ServerSettings {
  return {
    sshHost,
    sshTunnel,
    rateLimit,
    // Every client that reaches the SSH ports could guess it.
    defaultPassword:
      isLoopback(instance.bind) && isLoopback(sshGateway?.listen ?? instance.bind) ? DEFAULT_PASSWORD : null,
    hosts: auth === 'none' ? [host, sshHost, ...(url === null ? [] : [new URL(url).hostname])] : null,
    url,
  }
}
