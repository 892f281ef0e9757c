const SESSION = {
  id: '7f3a90c41b5e',
  created_at: '2026-11-29T08:00:00.000Z',
  idle_until: '2026-11-29T20:00:00.000Z',
  ends_at: '2026-12-06T08:00:00.000Z',
}

const STATE = {
  identity: { name: 'bob', role: 'user' },
  auth: 'session',
  ways: ['token', 'oidc'],
  provider: 'https://login.example.org/realms/lab',
  session: SESSION,
}

export const SESSION_EXAMPLES = {
  getSession: { 200: STATE },
  createSession: { request: { token: 'berth_2c1ff4a60d3e_5b0c…' }, 201: STATE },
  listSessions: {
    200: {
      sessions: [
        {
          id: SESSION.id,
          identity: 'bob',
          role: 'user',
          way: 'token',
          token: '2c1ff4a60d3e',
          created_at: SESSION.created_at,
          last_used_at: '2026-11-29T08:41:00.000Z',
          ends_at: SESSION.ends_at,
          address: '192.0.2.7',
          user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
          current: true,
        },
      ],
    },
  },
}
