/**
 * What a line of the access log can hold: the fields of the JSON format and the names of a template. Here, and not with
 * the log, because the configuration is checked against it and its reference is generated from it.
 */
import { type TemplateProblem, unknownNames } from './template.ts'

/** Every key of a JSON line, but `diagnosis`, with its meaning. Times in ms: in JSON `null`, in templates `-1`, where never reached. */
export const logFields = {
  time: 'when the first byte of the request was seen, ISO 8601 in UTC',
  thread: 'worker thread that served it',
  listener: 'listener it came to',
  route: 'route that matched',
  pool: 'pool it was sent to',
  server: 'last server it was sent to',
  client: 'address of the client',
  port: 'port of the client',
  method: 'method of the request',
  target: 'request target as received, without userinfo',
  version: 'HTTP version of the request, 1.1 or 1.0',
  host: 'host asked for',
  userAgent: 'User-Agent of the request',
  referer: 'Referer of the request, without userinfo',
  status: 'status sent; 0 where none was',
  end: 'end code: letter of the cause, letter of the stage; -- when all went well',
  cause: 'name of the cause when it was refused or failed',
  incident: 'incident id, also on the error page',
  headerMs: 'first byte of the request head to its end',
  queueMs: 'waiting in queues',
  connectMs: 'connecting to the server; 0 on a reused connection',
  firstByteMs: 'from the request sent to the first byte of the response',
  totalMs: 'first byte of the request to the last byte of the response',
  bytesIn: 'bytes from the client, heads and framing included',
  bytesOut: 'bytes to the client, heads and framing included',
  cache: 'what the cache did: hit, stale, collapsed, revalidated, miss or pass',
  cacheDetail:
    'why a stale copy was used (grace, saturated, failed lately, fetch failed, status 503 and the like, or a cause), or why an answer was not stored (see docs/cache.md)',
  retries: 'attempts beyond the first',
  redispatched: 'whether the last attempt went to another server',
  reused: 'whether the server’s connection was used before',
  listenerInUse: 'connections of the listener at admission, this one included',
  poolInUse: 'requests in the pool at admission, this one included; when it was refused: in the pool then',
  serverInUse:
    'requests at the server at admission, this one included; when it was refused: at the fullest server of the pool then',
  queueLength: 'length of the queue when it joined it, or was refused',
} as const satisfies Readonly<Record<string, string>>

/** The diagnosis of a refusal or failure, also of one instead of which a stale copy was served: in JSON an object under the key `diagnosis` (else null), in templates by name. */
export const diagnosisFields = {
  gate: 'gate that refused or failed, as "pool shop"',
  limit: 'limit that was reached',
  observed: 'value that was observed',
  limitBy: 'which voice set the limit: configured, operator (set while running), shutdown',
  setting: 'path of the setting that holds the limit, or the option of the command line',
  place: 'file and line of that setting',
  advice: 'what can be done',
  detail: 'details from the system or the parser',
} as const satisfies Readonly<Record<string, string>>

/** A line of the JSON format: all that is known of a refused or failed exchange. */
export type Incident = { readonly [F in keyof typeof logFields]: unknown } & {
  readonly diagnosis: { readonly [F in keyof typeof diagnosisFields]: unknown } | null
}

/** Names that only a template knows: the pieces of the Common and Combined formats. */
export const templateOnly = {
  clfTime: 'time as [20/Nov/2026:19:59:00 +0000], without the brackets',
  epoch: 'time as seconds since 1970, three decimals',
  request: 'method, target and version as "GET / HTTP/1.1", without the quotes',
} as const satisfies Readonly<Record<string, string>>

/** Every name a template may use, with its meaning. */
export const templateFields = { ...logFields, ...diagnosisFields, ...templateOnly }

/** A name a template may use. */
export type LogField = keyof typeof templateFields

/** `%{name}` is a field, `%%` a percent sign; any other `%` is itself. */
export const logHole = /%%|%\{([^{}]*)\}/g

/** What is wrong with a log template; empty when nothing is. */
export function checkTemplate(text: string): TemplateProblem[] {
  const problems = unknownNames(text, logHole, templateFields)
  for (const match of text.replaceAll('%%', '__').matchAll(/%\{(?![^{}]*\})/g)) {
    problems.push({ at: match.index, says: 'a field that is opened by "%{" is not closed by "}"' })
  }
  // A record is one line, whatever it holds; a template with a line break of its own would break that for every reader.
  const odd = Array.from(text).findIndex((c) => c < ' ' && c !== '\t')
  if (odd >= 0) problems.push({ at: odd, says: 'a template is one line: it must not contain control characters' })
  return problems.sort((a, b) => a.at - b.at)
}
