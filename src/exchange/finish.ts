/** The record of an exchange that is over. */
import { rowOf } from '../base/cause.ts'
import { lately, wall } from '../base/clock.ts'
import { Field } from '../wire/http/fields.ts'
import type { CacheReport } from './cache/cache-report.ts'
import type { ExchangeContext } from './context.ts'
import type { Ending } from './ending.ts'
import type { ExchangeView } from './generation.ts'
import type { Diagnosis, ExchangeRecord } from './record.ts'
import type { Retries } from './retry.ts'
import { clientAddress } from './routing/affinity.ts'

/** An exchange that is over. */
export interface EndedExchange extends ExchangeView {
  readonly context: ExchangeContext
  readonly headAt: number
  readonly retries: Retries
  readonly ending: Ending
  readonly caching: { readonly report: CacheReport }
}

/** Counts it, keeps it where it is an incident, and logs it if a log is written. */
export function finish(x: EndedExchange): void {
  if (x.background) return
  const { ending, lastAttempt } = x
  const now = lately()
  const total = now - x.client.startedAt
  const sentAt = lastAttempt === null ? -1 : lastAttempt.sentAt
  const firstByte = ending.firstByteAt < 0 || sentAt < 0 ? -1 : ending.firstByteAt - sentAt
  x.context.counters.ended(
    x.route,
    x.admission.gate,
    lastAttempt?.server ?? null,
    ending.cause,
    x.admission.waited,
    firstByte,
    total,
  )
  const { log, incidents } = x.context
  if (log === null && ending.incident === null) return
  const record = recordOf(x, now, total, firstByte)
  if (ending.incident !== null) incidents.keep(record, x.head.text.length)
  log?.(record)
}

function recordOf(x: EndedExchange, now: number, total: number, firstByte: number): ExchangeRecord {
  const { client, head, admission, retries, ending, lastAttempt, route } = x
  return {
    at: wall() - total,
    listener: x.listener.config.name,
    route: route?.config.name ?? null,
    pool: route?.config.to ?? null,
    server: lastAttempt?.server.name ?? null,
    client: clientAddress(x),
    port: client.port,
    method: head.method,
    target: head.target,
    version: head.minor === 1 ? '1.1' : '1.0',
    host: head.host,
    userAgent: head.get(Field.userAgent) ?? '',
    referer: head.get(Field.referer) ?? '',
    status: ending.status,
    cause: ending.cause,
    end: ending.code,
    diagnosis: ending.diagnosis,
    incident: ending.incident,
    header: x.headAt - client.startedAt,
    queue: admission.waitedUntil(now),
    connect: lastAttempt?.connectTook ?? -1,
    firstByte,
    total,
    bytesIn: client.bytesIn,
    bytesOut: client.responder.bytes,
    cache: x.caching.report.result,
    cacheDetail: x.caching.report.detail,
    retries: retries.count,
    redispatched: retries.redispatched,
    reused: lastAttempt?.reused ?? false,
    listenerInUse: admission.listenerInUse,
    poolInUse: admission.poolInUse,
    serverInUse: admission.serverInUse,
    queueLength: admission.queueLength,
  }
}

/** The record of a connection that was turned away before a request was read from it. */
export function turnedAwayRecord(
  listener: string,
  peer: string,
  port: number,
  diagnosis: Diagnosis,
  incident: string,
  waited: number,
  bytesOut: number,
  inUse: number,
  queueLength: number,
): ExchangeRecord {
  const row = rowOf(diagnosis.cause)
  return {
    at: wall() - waited,
    listener,
    route: null,
    pool: null,
    server: null,
    client: peer,
    port,
    method: '',
    target: '',
    version: '',
    host: '',
    userAgent: '',
    referer: '',
    status: row.status,
    cause: diagnosis.cause,
    end: `${row.letter}Q`,
    diagnosis,
    incident,
    header: -1,
    queue: waited,
    connect: -1,
    firstByte: -1,
    total: waited,
    bytesIn: 0,
    bytesOut,
    cache: null,
    cacheDetail: null,
    retries: 0,
    redispatched: false,
    reused: false,
    listenerInUse: inUse,
    poolInUse: 0,
    serverInUse: 0,
    queueLength,
  }
}
