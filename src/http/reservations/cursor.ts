/** The end of a page of reservations, as an opaque cursor. */
import { gotText } from '../../domain/text/got.ts'
import { invalidRequest } from '../../domain/errors.ts'

export interface Position {
  readonly createdAt: number
  readonly id: string
}

export function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url')
}

/** Returns the filter for the page after the cursor of a query. */
export function readAfter({ cursor }: { cursor?: string | undefined }): { after?: Position } {
  return cursor === undefined ? {} : { after: readCursor(cursor) }
}

/** `invalid_request` for anything that `writeCursor` did not write. */
function readCursor(cursor: string): Position {
  const [, createdAt, id] = /^(\d{1,15}) (\S{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (createdAt === undefined || id === undefined) {
    throw invalidRequest([{ path: 'cursor', message: `must be "next" of the previous page${gotText(cursor)}` }])
  }
  return { createdAt: Number(createdAt), id }
}
