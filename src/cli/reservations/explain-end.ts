import type { CommandContext } from '../command-context.ts'

/**
 * Prints why a reservation has ended: ssh only knows that its connection was closed. Returns its outcome, or null while
 * it is active or cannot be asked for.
 */
export async function explainEnd({ client, terminal }: CommandContext, id: string): Promise<string | null> {
  const { data } = await client.GET('/v1/reservations/{id}', { params: { path: { id } } })
  if (!data || data.state === 'active') return null
  const advice = data.outcome === 'expired' ? '; --for reserves for longer' : ''
  terminal.note(`berth: the reservation has ended (${data.outcome ?? data.state})${advice}`)
  return data.outcome
}
