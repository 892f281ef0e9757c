/** Words the requests that fastify refuses before a handler runs: which value, what is allowed, what to send. */
import { forJson } from '../../domain/text/foreign-text.ts'

/** Maximum size of a body. */
export const MAX_BODY_BYTES = 64 * 1024

/** Maximum number of characters of a header in a message. */
const MAX_SHOWN_CHARACTERS = 100

/** An error that fastify throws for a mistake of the client. */
interface Refusal extends Error {
  readonly statusCode: number
  readonly code?: string
}

export function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
  )
}

export function statusOfRefusal(error: unknown): number | undefined {
  return isRefusal(error) ? error.statusCode : undefined
}

const TEXTS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${MAX_BODY_BYTES / 1024} KiB, the maximum; send less`,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as Content-Length says; send its length in bytes',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON; send a JSON object such as {"count": 2}',
  FST_ERR_BAD_URL: 'the path is not percent-encoded UTF-8',
  FST_ERR_MAX_PARAM_LENGTH: 'a part of the path is longer than 100 characters, the maximum',
}

/** Returns the message of the error. `contentType` is the header of the request. */
export function refusalText(error: Refusal, contentType: string | undefined): string {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedType(contentType)
  // Errors without a code come from the JSON parser, for a property such as "__proto__".
  return TEXTS[error.code ?? ''] ?? error.message
}

function unsupportedType(contentType: string | undefined): string {
  const shown = contentType && `Content-Type ${forJson(contentType.slice(0, MAX_SHOWN_CHARACTERS))} is not supported`
  return `${shown ?? 'the body has no Content-Type'}; send "Content-Type: application/json"`
}
