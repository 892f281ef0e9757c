/** How tokens look from outside: without their secrets. */
import type { Limits, Token } from '../../core/identity.ts'
import { optionalTime, time } from '../views.ts'

export function viewToken({ id, name, role, createdAt, expiresAt, limits }: Token) {
  return {
    ...{ id, name, role, limits: viewLimits(limits) },
    ...{ created_at: time(createdAt), expires_at: optionalTime(expiresAt) },
  }
}

export function viewLimits({ containers, durationMs, pools }: Limits) {
  return { containers, duration_seconds: durationMs === null ? null : durationMs / 1_000, pools: pools && [...pools] }
}
