/**
 * The JSON format: one object per line, with the keys of base/log-fields.ts, all of them always and in that order.
 * What was never reached or does not apply is null.
 */
import { shownNumber } from '../../../base/figures.ts'
import type { Diagnosis, ExchangeRecord as Exchange } from '../../../exchange/record.ts'
import { jsonText, jsonWire, withoutUserinfo } from './escape.ts'
import { duration, isoTime } from './time.ts'

/** Makes a line of a record, its line break included, in ASCII. */
export type LineFormat = (record: Exchange) => string

/** Lines for the records of one thread. */
export function jsonFormat(thread: number): LineFormat {
  return (r) => {
    // Plain concatenation, as JSON.stringify of an object made for it takes three times as long.
    let line = `{"time":"${isoTime(r.at)}","thread":${thread},"listener":`
    line += ours(r.listener)
    line += ',"route":'
    line += ours(r.route)
    line += ',"pool":'
    line += ours(r.pool)
    line += ',"server":'
    line += ours(r.server)
    line += `,"client":${jsonWire(r.client)},"port":${r.port}`
    line += `,"method":${jsonWire(r.method)},"target":${jsonWire(withoutUserinfo(r.target))}`
    line += `,"version":${jsonWire(r.version)},"host":${jsonWire(withoutUserinfo(r.host))}`
    line += `,"userAgent":${jsonWire(r.userAgent)},"referer":${jsonWire(withoutUserinfo(r.referer))}`
    line += `,"status":${r.status},"end":${jsonWire(r.end)},"cause":`
    line += ours(r.cause)
    line += r.incident === null ? ',"incident":null' : `,"incident":${jsonText(r.incident)}`
    line += `,"headerMs":${duration(r.header, 'null')},"queueMs":${duration(r.queue, 'null')}`
    line += `,"connectMs":${duration(r.connect, 'null')},"firstByteMs":${duration(r.firstByte, 'null')}`
    line += `,"totalMs":${duration(r.total, 'null')},"bytesIn":${r.bytesIn},"bytesOut":${r.bytesOut}`
    line += r.cache === null ? ',"cache":null,"cacheDetail":' : `,"cache":"${r.cache}","cacheDetail":`
    line += ours(r.cacheDetail)
    line += `,"retries":${r.retries},"redispatched":${r.redispatched},"reused":${r.reused}`
    line += `,"listenerInUse":${r.listenerInUse},"poolInUse":${r.poolInUse},"serverInUse":${r.serverInUse}`
    line += `,"queueLength":${r.queueLength},"diagnosis":`
    line += r.diagnosis === null ? 'null' : diagnosis(r.diagnosis)
    return `${line}}\n`
  }
}

function diagnosis(v: Diagnosis): string {
  let text = `{"gate":${ours(v.gate)},"limit":${figure(v.limit)},"observed":${figure(v.observed)}`
  text += `,"limitBy":${ours(v.limitBy)}`
  text += `,"setting":${ours(v.setting)},"place":${ours(v.place)},"advice":${ours(v.advice)}`
  return `${text},"detail":${v.detail === null ? 'null' : jsonText(v.detail)}}`
}

/** A count, or ms to the microsecond. */
function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'null'
  return String(shownNumber(value))
}

/** Names of the configuration and sentences of the table of causes: few different ones, so each is escaped once. */
const escaped = new Map<string, string>()
const ESCAPED_KEPT = 1024

function ours(text: string | null): string {
  if (text === null) return 'null'
  let json = escaped.get(text)
  if (json === undefined) {
    json = jsonText(text)
    if (escaped.size >= ESCAPED_KEPT) escaped.clear()
    escaped.set(text, json)
  }
  return json
}
