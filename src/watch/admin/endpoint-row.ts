/** What each row of the table of endpoints says. */
import type { z } from 'zod'
import type { GatePort } from './gate-port.ts'
import type { ProblemName } from './problem.ts'

/** What a request says, already held to its form. */
export interface Asked<Query, Body> {
  /** What stands in the path where the template has braces. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** With parameters in braces, each a whole segment. */
  readonly path: string
  /** Its name in generated clients. */
  readonly id: string
  readonly summary: string
  readonly query: z.ZodObject | null
  readonly body: z.ZodType | null
  readonly answer: z.ZodType
  /** How it may end beside those that any request may meet. */
  readonly problems: readonly ProblemName[]
  readonly serve: (port: GatePort, asked: Asked<never, never>) => unknown
}
