/** The request of a workload, as a script for wrk. */

export interface Request {
  readonly method?: 'GET' | 'POST'
  /** Paths asked for in turn; one is asked for all the time. */
  readonly paths: readonly string[]
  /** Beside Host. */
  readonly fields?: Readonly<Record<string, string>>
  /** Bytes of the request body. */
  readonly body?: number
}

/** Before the line of results on wrk's standard output. */
export const MARK = 'results: '

/** The script: sets the request up once, and writes the results as one line of JSON. Nothing in it runs per request. */
export function luaOf({ method = 'GET', paths, fields = {}, body = 0 }: Request): string {
  return `wrk.method = "${method}"
wrk.path = ${quoted(paths[0] ?? '/')}
${Object.entries(fields)
  .map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`)
  .join('\n')}
${body === 0 ? '' : `wrk.body = string.rep("x", ${body})`}
${paths.length > 1 ? inTurn(paths) : ''}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n${MARK}{"requests":%d,"duration":%d,"bytes":%d,"p50":%d,"p99":%d,"errors":%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
`
}

/** The one exception: asking for several paths takes a function, which hands out what was made at the start. */
function inTurn(paths: readonly string[]): string {
  return `local requests, at = {}, 0
function init()
  for i, path in ipairs({ ${paths.map(quoted).join(', ')} }) do requests[i] = wrk.format(nil, path) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
