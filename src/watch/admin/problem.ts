/**
 * What the admin API answers where it cannot do what was asked (RFC 9457). The statuses of these answers are chosen
 * here and nowhere else, as those of the data path are in the table of causes.
 */
import { z } from 'zod'

export const problems = {
  'bad-request': { status: 400, title: 'The request is not one this API knows' },
  'bad-expression': { status: 400, title: 'The ban expression cannot be read' },
  'no-token': { status: 401, title: 'A token is required' },
  'bad-token': { status: 401, title: 'The token is not the one of this Headgate' },
  'foreign-origin': { status: 403, title: 'Pages of other sites may not use this API' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'unknown-limit': { status: 404, title: 'There is no such limit' },
  'unknown-server': { status: 404, title: 'There is no such server' },
  'unknown-incident': { status: 404, title: 'This incident is not remembered' },
  'no-cache': { status: 404, title: 'No route caches' },
  'nothing-cached-there': { status: 404, title: 'No route that caches takes this' },
  'bad-method': { status: 405, title: 'The method does not go with this path' },
  'too-slow': { status: 408, title: 'The request took too long' },
  'servers-saturated': { status: 409, title: 'The servers could not bear it now' },
  'too-large': { status: 413, title: 'The request is too large' },
  'not-json': { status: 415, title: 'The body is not JSON' },
  'bad-expectation': { status: 417, title: 'The expectation cannot be met' },
  'foreign-host': { status: 421, title: 'The request is for another host' },
  'head-too-large': { status: 431, title: 'The head of the request is too large' },
  defect: { status: 500, title: 'A defect of Headgate' },
  'too-many-removals': { status: 503, title: 'Too many removals are under way' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemName = keyof typeof problems

/** The answer's media type. */
export const PROBLEM_TYPE = 'application/problem+json'

/** Its body. */
export const problemSchema = z.strictObject({
  type: z.string().describe('Names the kind of problem; `urn:headgate:problem:` and one of a closed list.'),
  title: z.string().describe('The kind in words.'),
  status: z.int().describe('The status of the answer.'),
  detail: z.string().describe('What is wrong with this request.'),
  fix: z.string().describe('What to do about it.'),
  place: z
    .string()
    .optional()
    .describe(
      'Where it is wrong: a header, a parameter, a part of the body, a column; a setting, or a path of this API. Missing only where Headgate itself is at fault.',
    ),
})

/** Thrown by whatever serves a request. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly kind: ProblemName
  readonly fix: string
  readonly place: string | null

  constructor(kind: ProblemName, detail: string, fix: string, place: string | null = null) {
    super(detail)
    this.kind = kind
    this.fix = fix
    this.place = place
  }

  get status(): number {
    return problems[this.kind].status
  }

  toJSON(): z.output<typeof problemSchema> {
    const { status, title } = problems[this.kind]
    return {
      type: `urn:headgate:problem:${this.kind}`,
      title,
      status,
      detail: this.message,
      fix: this.fix,
      ...(this.place !== null && { place: this.place }),
    }
  }
}
