/** Problems of /v1, as tests expect them. */
import { PROBLEMS, problemType } from '../../../src/http/errors/catalogue.ts'
import type { ErrorCode } from '../../../src/domain/errors.ts'

/** Returns the whole problem except for its request id, which differs for each request. */
export function problem(code: ErrorCode, detail: string) {
  const { title, status } = PROBLEMS[code]
  return { type: problemType(code), title, status, detail, code }
}

/** Returns the body of an answer without the request id. */
export function withoutId(body: unknown): object {
  const { request_id: _id, ...rest } = Object(typeof body === 'string' ? JSON.parse(body) : body)
  return rest
}
