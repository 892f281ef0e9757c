/** Containers, pools, events, usage and series. */
const KNOWN_HOSTS = '[localhost]:2223 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDyKq8sTz3kHMBrRm1pIkyOIzEzFhT7NkZqxXvSXNwVd'
const RESERVATION = '0f8b7c52-5f0e-4f7c-9b0e-4d1d2f6f3c11'

const READY = {
  name: 'alpine-3',
  pool: 'alpine',
  state: 'ready',
  since: '2026-11-24T17:00:00.180Z',
  generation: 1,
  reservation: null,
  host: 'localhost',
  port: 2223,
  host_key: 'SHA256:wWbA5mzTBYUaSzcVSLv4tSrGnDuHTxgDQ4GxZJuzZ7I',
  known_hosts: KNOWN_HOSTS,
  attempts: 0,
  retry_at: null,
  error: null,
}
const REMOVING = { ...READY, state: 'removing' }
const RESERVED = { ...READY, state: 'reserved', reservation: RESERVATION }

const POOL = {
  name: 'alpine',
  size: 10,
  configured_size: 10,
  ports: 10,
  image: 'berth/box',
  os: 'Alpine Linux v3.22',
  memory_bytes: 536870912,
  shm_bytes: 67108864,
  disk_bytes: null,
  cpus: 1,
  pids: 256,
  sudo: true,
  reach: 'internet',
  runtime: null,
  duration_default_seconds: 3600,
  duration_max_seconds: 86400,
  hold: { max_seconds: 7200, containers: 3 },
  containers: { creating: 0, ready: 7, reserved: 3, removing: 0, broken: 0, quarantined: 0 },
  waiting: 0,
  waiting_since: null,
  next_free_at: '2026-11-24T19:00:00.180Z',
  recycling_since: null,
  problem: null,
  oldest_unclean_seconds: 0,
}

const EXTENDED = {
  id: 27,
  at: '2026-11-24T17:00:02.000Z',
  kind: 'reservation.extended',
  by: 'admin',
  pool: 'alpine',
  container: null,
  generation: null,
  reservation: RESERVATION,
  owner: 'admin',
  username: 'alice',
  detail: 'until 2026-11-24T19:00:00.180Z',
}

const POINT = {
  at: '2026-11-24T17:00:00.000Z',
  size: 10,
  states: { creating: 0.031, ready: 4.2, reserved: 5.741, removing: 0.028, broken: 0, quarantined: 0 },
  waiting: 0.25,
  longest_wait_seconds: 83.5,
  reserve: { count: 12, p50_seconds: 0.112, p95_seconds: 0.19, max_seconds: 0.204 },
  recycle: { count: 11, p50_seconds: 2.31, p95_seconds: 3.4, max_seconds: 3.52 },
  refusals: { not_enough: 3 },
}

const ROW = { key: 'alice', reservations: 1, container_minutes: 3.25, waits: 0, wait_seconds: 0 }

export const CONTAINER_EXAMPLES = {
  listPools: { 200: { pools: [POOL] } },
  resizePool: { request: { size: 5 }, 200: { ...POOL, size: 5, containers: { ...POOL.containers, ready: 2 } } },
  listContainers: { 200: { containers: [READY, { ...RESERVED, name: 'alpine-4', port: 2224, known_hosts: null }] } },
  getContainer: { 200: READY },
  quarantineContainer: { 200: { ...READY, state: 'quarantined' } },
  recycleContainer: { 202: REMOVING },
  resetContainer: { 202: RESERVED },
  returnContainer: { 202: REMOVING },
  getKnownHosts: { '200 text/plain': `${KNOWN_HOSTS}\n` },
  listEvents: {
    200: { events: [EXTENDED], next: null },
    '200 text/event-stream': `id: 27\nevent: reservation.extended\ndata: ${JSON.stringify(EXTENDED)}\n\n`,
  },
  getSeries: {
    200: {
      from: '2026-11-24T17:00:00.000Z',
      to: '2026-11-24T17:15:00.000Z',
      step_seconds: 900,
      kept_since: '2026-08-26T17:04:11.000Z',
      points: [POINT],
    },
  },
  getUsage: {
    200: { from: '2026-01-01T00:00:00.000Z', to: '2026-11-24T17:00:03.000Z', by: 'username', rows: [ROW] },
  },
}
