/** Holds what a request says to its form, and says in words what does not fit. */
import { z } from 'zod'
import { likely } from '../../config/likely.ts'
import { pathText } from '../../config/places.ts'
import { Problem } from './problem.ts'

/** The value as the schema reads it. Throws a Problem with the place, below `place`, of the first thing that does not fit. */
export function checked(schema: z.ZodType, value: unknown, place: string): unknown {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  const path = [place, ...(issue.path as (string | number)[])]
  const fix = 'GET /openapi.json says what is expected'
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const names = namesAt(schema, issue.path)
    const near = likely(key, names)
    const meant = near !== null ? `did you mean ${near}?` : names.length > 0 ? `the names are ${names.join(', ')}` : fix
    throw new Problem('bad-request', `there is nothing called ${key} here`, meant, pathText([...path, key]))
  }
  const says = valueAt(value, issue.path) === undefined ? 'is missing' : wordsOf(issue)
  throw new Problem('bad-request', `${pathText(path)} ${says}`, fixOf(issue) ?? fix, pathText(path))
}

/** Names that an object of ours has at the top of a request; what lies deeper has none that are fixed. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  return path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function wordsOf({ message }: z.core.$ZodIssue): string {
  // Our own words follow the name of what they are about; those of the library begin anew.
  return /^[a-z]/.test(message) ? message : `does not fit: ${message}`
}

/** The remedy that a check of our own knows. */
function fixOf(issue: z.core.$ZodIssue): string | null {
  const fix: unknown = issue.code === 'custom' ? issue.params?.fix : undefined
  return typeof fix === 'string' ? fix : null
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<PropertyKey, unknown>)[step]
  }
  return found
}
