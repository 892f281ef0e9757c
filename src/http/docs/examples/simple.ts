export const SIMPLE_EXAMPLES = {
  reserveContainers: {
    200: {
      status: 'success',
      message: 'Reserved alpine-1 for alice',
      username: 'alice',
      password: 'test',
      containers: [
        {
          container: 'alpine-1',
          host: 'localhost',
          port: 2221,
          host_key: 'SHA256:wWbA5mzTBYUaSzcVSLv4tSrGnDuHTxgDQ4GxZJuzZ7I',
          known_hosts:
            '[localhost]:2221 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDyKq8sTz3kHMBrRm1pIkyOIzEzFhT7NkZqxXvSXNwVd',
        },
      ],
      reserved_until: '2026-11-24T18:00:00.180Z',
      duration_minutes: 60,
    },
  },
  releaseAllContainers: { 200: { status: 'success', message: 'All containers released' } },
  listAvailableContainers: { 200: { available: ['alpine-2', 'alpine-3'], reserved: ['alpine-1'] } },
  listActiveReservations: {
    200: {
      reservations: [
        {
          username: 'alice',
          container: 'alpine-1',
          expiration_time: '2026-11-24 18:00:00',
          time_remaining: '58.5 minutes remaining',
        },
      ],
    },
  },
}
