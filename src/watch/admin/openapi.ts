/** The OpenAPI 3.1 document of the admin API, made from the table by which requests are served. */
import { z } from 'zod'
import type { Endpoint } from './endpoint-row.ts'
import { PROBLEM_TYPE, type ProblemName, problemSchema, problems } from './problem.ts'

type Json = Readonly<Record<string, unknown>>

/** What any request may meet, whatever it asks for. */
const always: readonly ProblemName[] = [
  'bad-request',
  'no-token',
  'bad-token',
  'foreign-origin',
  'foreign-host',
  'too-slow',
  'bad-expectation',
  'head-too-large',
  'defect',
]
/** And one that has a body. */
const withBody: readonly ProblemName[] = ['too-large', 'not-json']

/** @param version of Headgate; the API is of version 1. */
export function openapiDocument(
  endpoints: readonly Endpoint[],
  version: string,
): { readonly openapi: string; readonly paths: Record<string, unknown> } {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of endpoints) {
    paths[one.path] ??= {}
    paths[one.path]![one.method.toLowerCase()] = operation(one)
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Headgate admin API',
      version,
      description: 'What a running Headgate does, and the orders it takes. Everything is JSON.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'admin.token; callers on loopback need none unless it is configured.',
        },
      },
    },
  }
  return document
}

function operation({ id, summary, path, query, body, answer, problems: own }: Endpoint): Json {
  const parameters = [...pathParameters(path), ...(query === null ? [] : queryParameters(query))]
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== null && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: {
      200: { description: summary, content: { 'application/json': { schema: schemaOf(answer, 'output') } } },
      ...failures([...own, ...always, ...(body === null ? [] : withBody)]),
    },
  }
}

/** Several problems may share a status. */
function failures(names: readonly ProblemName[]): Json {
  const byStatus = Map.groupBy(names, (name) => problems[name].status)
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: all.map((name) => `${problems[name].title} (${name}).`).join(' '),
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: `Name of the ${name}.`,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodObject): Json[] {
  return Object.entries(query.shape).map(([name, one]) => {
    const { description, ...schema } = schemaOf(one as z.ZodType, 'input')
    const required = !(one as z.ZodType).safeParse(undefined).success
    return { name, in: 'query', required, description, schema }
  })
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' })
  return rest
}
