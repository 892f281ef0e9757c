const TERMINAL = {
  id: '6f3f2f44-3a5b-4a37-9a43-0ff4a6d1c9d2',
  container: 'alpine-1',
  reservation: '87830adc-9a57-4b7c-8d70-4e6d4a6f3a0c',
  username: 'alice',
  created_at: '2026-11-24T14:30:00.000Z',
  persistent: true,
  viewers: 0,
}
const TICKET = 'k0Vw3uE3p5hXq8m2t7y1c4b9n6a0s3d5f8g2h4j6k8l'

export const TERMINAL_EXAMPLES = {
  createTerminal: { request: { cols: 120, rows: 40 }, 201: { ...TERMINAL, ticket: TICKET } },
  listTerminals: { 200: { terminals: [{ ...TERMINAL, viewers: 2 }] } },
  createTerminalTicket: { 201: { ticket: TICKET } },
}
