import { burst } from './burst.ts'
import { claim } from './claim.ts'
import { end } from './end.ts'
import { http } from './http.ts'
import type { Group } from '../session.ts'
import { provision } from './provision.ts'
import { recycle } from './recycle.ts'
import { reserve } from './reserve.ts'
import { start } from './start.ts'
import { store } from './store.ts'
import { thousand } from './thousand.ts'

/** In the order in which they run and are reported. */
export const GROUPS: readonly Group[] = [reserve, burst, end, recycle, provision, http, claim, store, start, thousand]
