/** Between the columns of a row and the words of the core. */
import type { Container, ContainerPatch } from '../core/container.ts'
import type { Limits, Token } from '../core/identity.ts'
import type { Reservation } from '../core/reservation.ts'
import type { ContainersTable, HoldsTable, ReservationsTable, TokensTable } from './tables.ts'

export function toContainer(row: ContainersTable): Container {
  const { engine_id, host_key, retry_at, ...same } = row
  return { ...same, engineId: engine_id, hostKey: host_key, retryAt: retry_at }
}

export function fromPatch(patch: ContainerPatch): Partial<ContainersTable> {
  const { engineId, hostKey, retryAt, ...same } = patch
  return {
    ...same,
    ...(engineId !== undefined && { engine_id: engineId }),
    ...(hostKey !== undefined && { host_key: hostKey }),
    ...(retryAt !== undefined && { retry_at: retryAt }),
  }
}

export function toReservation(
  row: ReservationsTable,
  holds: readonly Pick<HoldsTable, 'container' | 'opened'>[],
): Reservation {
  return {
    id: row.id,
    pool: row.pool,
    owner: row.owner,
    username: row.username,
    passwordHash: row.password_hash,
    sshKeys: JSON.parse(row.ssh_keys) as string[],
    state: row.state,
    count: row.count,
    createdAt: row.created_at,
    durationMs: row.duration_ms,
    prepareBy: row.prepare_by,
    promised: row.promised === 1,
    waitUntil: row.wait_until,
    turn: row.turn,
    activeAt: row.active_at,
    expiresAt: row.expires_at,
    keepaliveMs: row.keepalive_ms,
    aliveUntil: row.alive_until,
    toldEnd: row.told_end,
    toldLeft: row.told_left,
    endedAt: row.ended_at,
    outcome: row.outcome,
    reason: row.reason,
    note: row.note,
    holds: holds
      .map(({ container, opened }) => ({ container, opened }))
      .sort((a, b) => (a.container < b.container ? -1 : 1)),
  }
}

export function toToken({ created_at, expires_at, limits, ...same }: TokensTable): Token {
  return { ...same, createdAt: created_at, expiresAt: expires_at, limits: JSON.parse(limits) as Limits }
}

export function fromToken({ createdAt, expiresAt, limits, id, name, role, hash }: Token): TokensTable {
  return { id, name, role, hash, created_at: createdAt, expires_at: expiresAt, limits: JSON.stringify(limits) }
}
