/** Which endpoint a request is for. */
import type { Endpoint } from './endpoints.ts'
import { Problem } from './problem.ts'

interface Found {
  readonly endpoint: Endpoint
  readonly params: Readonly<Record<string, string>>
}

/** `allow` is told the methods of the path before a Problem about the method is thrown. HEAD is served as GET. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string,
  path: string,
  allow: (methods: string) => void,
): Found {
  const allowed: string[] = []
  for (const endpoint of endpoints) {
    const params = paramsOf(endpoint.path, path)
    if (params === null) continue
    if (endpoint.method === (method === 'HEAD' ? 'GET' : method)) return { endpoint, params }
    allowed.push(endpoint.method)
  }
  if (allowed.length === 0)
    throw new Problem('not-found', `there is no ${path}`, 'GET /openapi.json names every path', 'path')
  const methods = [...new Set(allowed)].flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ')
  allow(methods)
  throw new Problem('bad-method', `${path} is not for ${method}`, `use ${methods}`, 'method')
}

/** The parameters when a path is of a template; else null. */
function paramsOf(template: string, path: string): Record<string, string> | null {
  const wanted = template.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (part !== given[at]) return null
    } else params[name] = decoded(given[at]!)
  }
  return params
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Problem('bad-request', 'the path has a percent sign that encodes nothing', 'write it as %25', 'path')
  }
}
