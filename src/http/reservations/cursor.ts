/** The end of a page of reservations, as an opaque cursor. */
import { invalidRequest } from '../../domain/errors.ts'

export interface Position {
  readonly createdAt: number
  readonly id: string
}

export function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url')
}

/** `invalid_request` for anything that `writeCursor` did not write. */
export function readCursor(cursor: string): Position {
  const [, createdAt, id] = /^(\d{1,15}) (\S{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (createdAt === undefined || id === undefined) {
    throw invalidRequest([{ path: 'cursor', message: 'must be "next" of the page before' }])
  }
  return { createdAt: Number(createdAt), id }
}
