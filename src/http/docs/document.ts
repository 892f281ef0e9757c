/** Completes the OpenAPI document that @fastify/swagger makes of the routes: names, errors, examples. */
import { STATUS_CODES } from 'node:http'
import { BerthError } from '../../domain/errors.ts'
import { errorMessage } from '../errors/error-message.ts'
import { Problem, problemDetails } from '../errors/problems.ts'
import { type Components, createComponents, type Schema } from './components.ts'
import { EXAMPLES, type OperationExamples } from './examples/examples.ts'

/** Marks an operation whose body is optional. @fastify/swagger copies properties that begin with "x-". */
export const OPTIONAL_BODY = 'x-optional-body'

interface Media {
  readonly schema?: Schema
}
interface Content {
  readonly description?: string
  readonly content?: Readonly<Record<string, Media>>
}
interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly { readonly schema: Schema }[]
  readonly requestBody?: Content
  readonly [OPTIONAL_BODY]?: boolean
  readonly responses: Readonly<Record<string, Content>>
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const EXAMPLE_ID = '0190a4f2-6c7d-4c7e-9d0e-3d3f8f1c2b5a'

/** Error responses that every operation below /v1 refers to. */
const PROBLEM = {
  description: 'Refused or failed; `code` says why, and is stable',
  content: {
    'application/problem+json': {
      schema: { ...Problem },
      example: problemDetails(
        new BerthError('not_enough', 'pool "alpine" has 1 free container, and 2 were requested'),
        EXAMPLE_ID,
      ),
    },
  },
}
/** Error responses that every other operation refers to. */
const ERROR = {
  description: 'Refused or failed; `error` says why',
  content: {
    'application/json': { schema: { ...errorMessage() }, example: { error: 'Host "example.net" is not allowed' } },
  },
}

/** Description that @fastify/swagger writes for a schema without one. */
const UNNAMED = 'Default Response'

/** Returns the document with named components, error responses and examples. */
export function completeDocument<Document extends object>(document: Document): Document {
  const { paths, components: existing } = document as { paths: Paths; components: object }
  const components = createComponents()
  const complete = mapEntries(paths, (path, operations) => {
    const error = path.startsWith('/v1/') ? 'Problem' : 'Error'
    return mapEntries(operations, (_method, operation) => completeOperation(operation, error, components))
  })
  const responses = { Problem: referContent(PROBLEM, components), Error: referContent(ERROR, components) }
  return { ...document, paths: complete, components: { ...existing, schemas: components.all(), responses } }
}

function completeOperation(operation: Operation, error: string, components: Components): object {
  const examples = EXAMPLES[operation.operationId ?? ''] ?? {}
  const { parameters, requestBody, responses, [OPTIONAL_BODY]: optional, ...rest } = operation
  const refused = { $ref: `#/components/responses/${error}` }
  const answers = mapEntries(responses, (status, answer) => {
    const { description } = answer
    const named = description === UNNAMED ? { ...answer, description: STATUS_CODES[status] ?? status } : answer
    return referContent(named, components, examples, status)
  })
  return {
    ...rest,
    ...(parameters && {
      parameters: parameters.map((each) => ({ ...each, schema: components.refer(each.schema) })),
    }),
    ...(requestBody && {
      requestBody: {
        ...referContent(requestBody, components, examples, 'request'),
        required: optional !== true,
      },
    }),
    responses: { ...answers, '4XX': refused, default: refused },
  }
}

/** Returns a body with references and examples. `part` is "request" or the status; see `OperationExamples`. */
function referContent(body: Content, components: Components, examples: OperationExamples = {}, part = ''): Content {
  if (!body.content) return body
  const content = mapEntries(body.content, (type, media) => {
    const example = examples[type === 'application/json' ? part : `${part} ${type}`]
    // The response has the same description.
    const { description: _, ...schema } = media.schema ?? {}
    return { ...media, schema: components.refer(schema), ...(example !== undefined && { example }) }
  })
  return { ...body, content }
}

function mapEntries<From, To>(
  entries: Readonly<Record<string, From>>,
  convert: (key: string, value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, convert(key, value)]))
}
