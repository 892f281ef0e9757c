const ENGINE_AWAY = 'the container engine does not answer; the log of the manager says why'

export const MANAGER_EXAMPLES = {
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
