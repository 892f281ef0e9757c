const TOKEN = {
  id: '2c1ff4a60d3e',
  name: 'bob',
  role: 'user',
  created_at: '2026-11-24T17:00:00.000Z',
  expires_at: '2026-12-24T17:00:00.000Z',
  last_used_at: '2026-11-29T08:41:00.000Z',
  limits: { containers: 5, duration_seconds: 28800, pools: null },
}

export const TOKEN_EXAMPLES = {
  listTokens: { 200: { tokens: [TOKEN] } },
  createToken: {
    request: { name: 'bob', expires_in: '30d', limits: { containers: 5, duration: '8h' } },
    201: { ...TOKEN, last_used_at: null, token: 'berth_2c1ff4a60d3e_5b0c…' },
  },
  deleteToken: { 200: { id: TOKEN.id, deleted: true } },
  getIdentity: {
    200: {
      name: 'bob',
      role: 'user',
      auth: 'token',
      expires_at: TOKEN.expires_at,
      limits: TOKEN.limits,
      containers_held: 2,
    },
  },
}
