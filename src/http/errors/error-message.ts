/** The shape of errors outside /v1: `{"error": "…"}`. */
import { Type } from '../json-schema.ts'

export const errorMessage = (description?: string) =>
  Type.Object({ error: Type.String() }, { title: 'ErrorMessage', ...(description !== undefined && { description }) })
