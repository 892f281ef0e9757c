/** How the API shows events. */
import type { Static } from 'typebox'
import type { BerthEvent } from '../../domain/event.ts'
import { time } from '../time.ts'
import type { EventView } from './schemas.ts'

export function viewEvent({ id, at, ...rest }: BerthEvent): Static<typeof EventView> {
  return { id, at: time(at), ...rest }
}
