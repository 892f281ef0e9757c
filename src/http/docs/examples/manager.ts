const ENGINE_AWAY = 'the container engine does not answer; the log of the manager says why'

export const MANAGER_EXAMPLES = {
  listManagers: {
    200: {
      managers: [
        {
          name: '8f14e45f-ceea-467f-a8d2-6c1f1f3f9b1e',
          address: 'lab-1:127.0.0.1:8080',
          version: '0.1.0',
          started_at: '2026-11-24T09:00:00.000Z',
          last_seen: '2026-11-24T17:00:00.000Z',
          alive: true,
          leader: true,
          self: true,
          clock_offset_seconds: 0.012,
        },
      ],
    },
  },
  listNodes: {
    200: {
      cluster: true,
      nodes: [
        {
          name: 'node-1',
          reachable: true,
          unreachable_since: null,
          cordoned: true,
          labels: { disktype: 'ssd' },
          room: { cpus: 4, memory_bytes: 16_425_000_960, containers: 110 },
          containers: { creating: 0, ready: 6, reserved: 1, removing: 1, broken: 0, quarantined: 0 },
          reservations: [
            {
              id: '3f0f9c2e-5d1a-4a57-9a53-0e6d1f6a3c11',
              owner: 'ada',
              username: 'ada',
              expires_at: '2026-11-24T18:00:00.000Z',
              containers: ['alpine-3'],
            },
          ],
        },
      ],
    },
  },
  reloadConfig: {
    200: {
      changes: [{ path: 'pools.lab.size', before: '10', after: '12', description: 'pools.lab.size: 10 -> 12' }],
    },
  },
  getHealth: { 200: { status: 'ok', version: '0.1.0' } },
  getReadiness: {
    200: { status: 'ready' },
    503: {
      status: 'not ready',
      reasons: [ENGINE_AWAY],
      problems: [{ code: 'engine_unavailable', pool: null, message: ENGINE_AWAY }],
    },
  },
}
