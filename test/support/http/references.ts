/** Returns the OpenAPI document with each component in the place of its references. No component contains itself. */
export function withoutReferences<Document>(document: Document): Document {
  return resolve(document, document) as Document
}

function resolve(value: unknown, document: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(each, document))
  if (typeof value !== 'object' || value === null) return value
  const { $ref, ...rest } = value as { $ref?: unknown }
  const whole = typeof $ref === 'string' ? { ...Object(find($ref, document)), ...rest } : rest
  return Object.fromEntries(
    Object.entries(whole).map(([key, inner]) => [key, key === 'example' ? inner : resolve(inner, document)]),
  )
}

/** Returns what "#/components/schemas/Pool" refers to. */
function find(reference: string, document: unknown): unknown {
  const found = reference
    .split('/')
    .slice(1)
    .reduce<unknown>((inside, name) => Object(inside)[name], document)
  if (found === undefined) throw new Error(`the document has no ${reference}`)
  return found
}
