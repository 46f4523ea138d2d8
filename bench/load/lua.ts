/** The request of a workload, as a script for wrk. */

export interface Request {
  readonly method?: 'GET' | 'POST'
  /** Paths asked for in turn; one is asked for all the time. */
  readonly paths: readonly string[]
  /** Beside Host. */
  readonly fields?: Readonly<Record<string, string>>
  /** Bytes of the request body. */
  readonly body?: number
  /** Many paths, each the first one with a number behind it. */
  readonly keys?: Keys
}

export interface Keys {
  /** Numbers from 0 to one less than this. */
  readonly count: number
  /** The k-th most popular is asked for in proportion to 1 / k^skew (Zipf); 0: all alike. */
  readonly skew: number
}

const SEED = 1
/** A prime: multiplied by it, no two of up to that many numbers are the same modulo a count that it does not divide. */
export const SCATTER = 15_485_863
/** Stands for the number in a request. */
const PLACE = 'NUMBER'

/** Before the line of results on wrk's standard output. */
export const MARK = 'results: '

/** The script: sets the request up once, and writes the results as one line of JSON. Nothing in it runs per request, unless there are many paths. */
export function luaOf({ method = 'GET', paths, fields = {}, body = 0, keys }: Request): string {
  return `wrk.method = "${method}"
wrk.path = ${quoted(paths[0] ?? '/')}
${Object.entries(fields)
  .map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`)
  .join('\n')}
${body === 0 ? '' : `wrk.body = string.rep("x", ${body})`}
${paths.length > 1 ? inTurn(paths) : ''}
${keys === undefined ? '' : drawn(paths[0] ?? '/', keys)}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n${MARK}{"requests":%d,"duration":%d,"bytes":%d,"p50":%d,"p99":%d,"errors":%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
`
}

/** Asking for several paths takes a function, which hands out what was made at the start. */
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

/**
 * Asks for paths by chance, in every run the same ones. `sums[k]` is how much the k most popular have of all, found by
 * halving; which numbers are popular is scattered over all by a prime, so that they were not stored one after the other.
 */
function drawn(path: string, { count, skew }: Keys): string {
  return `math.randomseed(${SEED})
local sums, before, behind = {}, "", ""
function init()
  local sum = 0
  for k = 1, ${count} do
    sum = sum + k ^ -${skew}
    sums[k] = sum
  end
  local whole = wrk.format(nil, ${quoted(path + PLACE)})
  local from, to = string.find(whole, "${PLACE}", 1, true)
  before, behind = string.sub(whole, 1, from - 1), string.sub(whole, to + 1)
end
function request()
  local at, low, high = math.random() * sums[${count}], 1, ${count}
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < at then low = middle + 1 else high = middle end
  end
  return before .. (low * ${SCATTER}) % ${count} .. behind
end`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
