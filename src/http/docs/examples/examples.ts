/** Examples of requests and answers in the OpenAPI document, by operationId. Redocly checks them by their schemas. */
import { CONTAINER_EXAMPLES } from './containers.ts'
import { MANAGER_EXAMPLES } from './manager.ts'
import { RESERVATION_EXAMPLES } from './reservations.ts'
import { SIMPLE_EXAMPLES } from './simple.ts'
import { TOKEN_EXAMPLES } from './tokens.ts'

/** "request" is the body of a request; "200" an answer as JSON, "200 text/csv" one of another type. */
export type OperationExamples = Readonly<Record<string, unknown>>

export const EXAMPLES: Readonly<Record<string, OperationExamples>> = {
  ...CONTAINER_EXAMPLES,
  ...MANAGER_EXAMPLES,
  ...RESERVATION_EXAMPLES,
  ...SIMPLE_EXAMPLES,
  ...TOKEN_EXAMPLES,
}
