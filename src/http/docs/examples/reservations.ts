const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDyKq8sTz3kHMBrRm1pIkyOIzEzFhT7NkZqxXvSXNwVd'

const CONTAINER = {
  name: 'alpine-1',
  host: 'localhost',
  port: 2221,
  host_key: 'SHA256:wWbA5mzTBYUaSzcVSLv4tSrGnDuHTxgDQ4GxZJuzZ7I',
  known_hosts: `[localhost]:2221 ${KEY}`,
  tunnel: false,
  generation: 1,
  ready: true,
}

const ACTIVE = {
  id: '0f8b7c52-5f0e-4f7c-9b0e-4d1d2f6f3c11',
  state: 'active',
  outcome: null,
  reason: null,
  pool: 'alpine',
  owner: 'admin',
  username: 'alice',
  count: 1,
  note: 'for the demo',
  name: 'demo',
  created_at: '2026-11-24T17:00:00.000Z',
  wait_until: null,
  queue: null,
  active_at: '2026-11-24T17:00:00.180Z',
  expires_at: '2026-11-24T18:30:00.180Z',
  keepalive_until: null,
  held_at: null,
  ended_at: null,
  containers: [CONTAINER],
}

const WAITING = {
  ...ACTIVE,
  id: '9d0c4d57-6d9e-4c6b-8a51-0a2a5d1f7f0e',
  state: 'waiting',
  name: null,
  wait_until: '2026-11-24T17:10:00.000Z',
  queue: { position: 1, estimated_start: '2026-11-24T18:30:02.180Z', problem: null },
  active_at: null,
  expires_at: null,
  keepalive_until: '2026-11-24T17:01:00.000Z',
  containers: [],
}

const RELEASED = {
  ...ACTIVE,
  state: 'ended',
  outcome: 'released',
  ended_at: '2026-11-24T17:42:00.000Z',
  containers: [{ ...CONTAINER, host_key: null, known_hosts: null, generation: null, ready: false }],
}

const HELD = { ...ACTIVE, expires_at: '2026-11-24T18:00:00.000Z', held_at: '2026-11-24T17:30:00.000Z' }

export const RESERVATION_EXAMPLES = {
  createReservation: {
    request: { username: 'alice', duration: '90m', name: 'demo', note: 'for the demo' },
    201: { ...ACTIVE, password: 'hTq5Vd8wZcYpRk3nXb7e' },
    202: { ...WAITING, password: 'Zc5Yp8kRn3Xb7eTqVd9w' },
  },
  listReservations: { 200: { reservations: [ACTIVE], next: null } },
  getReservation: { 200: ACTIVE },
  extendReservation: {
    request: { extend: '30m' },
    200: { ...ACTIVE, expires_at: '2026-11-24T19:00:00.180Z', clamped: null },
  },
  keepReservationAlive: { 200: { ...ACTIVE, keepalive_until: '2026-11-24T17:05:00.000Z' } },
  holdReservation: { request: { duration: '30m' }, 200: HELD },
  releaseReservation: { 200: RELEASED },
  releaseReservations: { request: { pool: 'alpine' }, 200: { released: [ACTIVE.id] } },
}
