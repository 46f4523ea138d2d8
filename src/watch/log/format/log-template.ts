/**
 * Lines by a template, and the two formats every log reader knows, which are templates too. Values are escaped as nginx
 * and Apache do (`\xHH`), so that none can end its quotes or its line; an empty one is `-`.
 */
import { type LogField, logHole } from '../../../base/log-fields.ts'
import { parseTemplate } from '../../../base/template.ts'
import type { Diagnosis, ExchangeRecord as Exchange } from '../../../exchange/record.ts'
import { clfText, clfWire, withoutUserinfo } from './escape.ts'
import type { LineFormat } from './json.ts'
import { clfTime, duration, epochTime, isoTime } from './time.ts'

/** The Common Log Format. The second and third field are always `-`: Headgate never logs who logged in. */
export const COMMON = '%{client} - - [%{clfTime}] "%{request}" %{status} %{bytesOut}'
/** The Combined Log Format of Apache and nginx. */
export const COMBINED = `${COMMON} "%{referer}" "%{userAgent}"`

type Value = (record: Exchange, thread: number) => string

const wire = (text: string): string => (text === '' ? '-' : clfWire(text))
const ours = (text: string | null): string => (text === null || text === '' ? '-' : clfText(text))
const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : Number.isInteger(value) ? String(value) : duration(value, '-1')
const of = (text: (diagnosis: Diagnosis) => string | null): Value => {
  return (r) => (r.diagnosis === null ? '-' : ours(text(r.diagnosis)))
}

const values: { readonly [F in LogField]: Value } = {
  time: (r) => isoTime(r.at),
  clfTime: (r) => clfTime(r.at),
  epoch: (r) => epochTime(r.at),
  thread: (_, thread) => String(thread),
  listener: (r) => ours(r.listener),
  route: (r) => ours(r.route),
  pool: (r) => ours(r.pool),
  server: (r) => ours(r.server),
  client: (r) => wire(r.client).replaceAll(' ', '\\x20'),
  port: (r) => String(r.port),
  method: (r) => wire(r.method),
  target: (r) => wire(withoutUserinfo(r.target)),
  version: (r) => wire(r.version),
  // A head that could not be read has no method: then the request as a whole is missing.
  request: (r) =>
    r.method === '' ? '-' : `${clfWire(r.method)} ${wire(withoutUserinfo(r.target))} HTTP/${clfWire(r.version)}`,
  host: (r) => wire(withoutUserinfo(r.host)),
  userAgent: (r) => wire(r.userAgent),
  referer: (r) => wire(withoutUserinfo(r.referer)),
  status: (r) => (r.status === 0 ? '-' : String(r.status)),
  end: (r) => wire(r.end),
  cause: (r) => ours(r.cause),
  incident: (r) => ours(r.incident),
  headerMs: (r) => duration(r.header, '-1'),
  queueMs: (r) => duration(r.queue, '-1'),
  connectMs: (r) => duration(r.connect, '-1'),
  firstByteMs: (r) => duration(r.firstByte, '-1'),
  totalMs: (r) => duration(r.total, '-1'),
  bytesIn: (r) => String(r.bytesIn),
  bytesOut: (r) => (r.bytesOut === 0 ? '-' : String(r.bytesOut)),
  cache: (r) => ours(r.cache),
  cacheDetail: (r) => ours(r.cacheDetail),
  retries: (r) => String(r.retries),
  redispatched: (r) => String(r.redispatched),
  reused: (r) => String(r.reused),
  listenerInUse: (r) => String(r.listenerInUse),
  poolInUse: (r) => String(r.poolInUse),
  serverInUse: (r) => String(r.serverInUse),
  queueLength: (r) => String(r.queueLength),
  gate: of((v) => v.gate),
  limit: (r) => figure(r.diagnosis?.limit),
  observed: (r) => figure(r.diagnosis?.observed),
  limitBy: of((v) => v.limitBy),
  setting: of((v) => v.setting),
  place: of((v) => v.place),
  advice: of((v) => v.advice),
  detail: of((v) => v.detail),
}

/** Lines by `template`, for the records of one thread. Names that `checkTemplate` would report stay as they are. */
export function templateFormat(template: string, thread: number): LineFormat {
  const { texts, names } = parseTemplate(template, logHole)
  const raw = texts.map((text) => Buffer.from(text, 'utf8').toString('latin1'))
  const fills = names.map(
    (name): Value => (Object.hasOwn(values, name) ? values[name as LogField] : () => `%{${name}}`),
  )
  return (record) => {
    let line = raw[0]!
    for (let i = 0; i < fills.length; i++) line += fills[i]!(record, thread) + raw[i + 1]!
    return `${line}\n`
  }
}
