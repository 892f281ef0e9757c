/** How long streams may be silent. */

/**
 * Proxies close connections that are silent for a minute, or for half of one. Each heartbeat also checks the token. The
 * interval is shorter than the 15 s within which a stream must end after its token was deleted.
 */
export const STREAMING = { heartbeatMs: 10_000, idleTimeoutMs: 60_000 }
