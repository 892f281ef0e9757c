export const MANAGER_EXAMPLES = {
  getHealth: { 200: { status: 'ok', version: '0.1.0' } },
  getReadiness: {
    200: { status: 'ready' },
    503: { status: 'not ready', reasons: ['the container engine does not answer; the log of the manager says why'] },
  },
}
