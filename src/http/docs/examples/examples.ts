/** Examples of requests and answers in the OpenAPI document, by operationId. Redocly validates them. */
import { CONTAINER_EXAMPLES } from './containers.ts'
import { MANAGER_EXAMPLES } from './manager.ts'
import { RESERVATION_EXAMPLES } from './reservations.ts'
import { SESSION_EXAMPLES } from './sessions.ts'
import { SIMPLE_EXAMPLES } from './simple.ts'
import { TERMINAL_EXAMPLES } from './terminals.ts'
import { TOKEN_EXAMPLES } from './tokens.ts'

/** Key "request" is the body of the request, "200" a JSON response, "200 text/csv" a response of another type. */
export type OperationExamples = Readonly<Record<string, unknown>>

export const EXAMPLES: Readonly<Record<string, OperationExamples>> = {
  ...CONTAINER_EXAMPLES,
  ...MANAGER_EXAMPLES,
  ...RESERVATION_EXAMPLES,
  ...SESSION_EXAMPLES,
  ...SIMPLE_EXAMPLES,
  ...TERMINAL_EXAMPLES,
  ...TOKEN_EXAMPLES,
}
