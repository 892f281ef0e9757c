/** Errors of the endpoints outside /v1: the simple API, and those of the manager. */
import { Type } from '../json-schema.ts'

export const errorMessage = (description?: string) =>
  Type.Object({ error: Type.String() }, { title: 'ErrorMessage', ...(description !== undefined && { description }) })
