/** The record of an exchange that is over. */
import { rowOf } from '../base/cause.ts'
import { lately, wall } from '../base/clock.ts'
import { Field } from '../wire/http/fields.ts'
import type { Exchange } from './exchange.ts'
import type { Diagnosis, ExchangeRecord } from './record.ts'
import { clientAddress } from './routing/affinity.ts'

/** Counts it, keeps it where it is an incident, and logs it where somebody wants to read it. */
export function finish(x: Exchange): void {
  if (x.background) return
  const now = lately()
  const total = now - x.client.startedAt
  const firstByte = x.firstByteAt < 0 || x.sentAt < 0 ? -1 : x.firstByteAt - x.sentAt
  x.context.counters.ended(x.route, x.gateKind === 'route', x.server, x.cause, x.waited, firstByte, total)
  const { log, incidents } = x.context
  if (log === null && x.incident === null) return
  const record = recordOf(x, now, total, firstByte)
  if (x.incident !== null) incidents.keep(record, x.head.text.length)
  log?.(record)
}

function recordOf(x: Exchange, now: number, total: number, firstByte: number): ExchangeRecord {
  const { client, head, cause } = x
  return {
    at: wall() - total,
    listener: x.listener.config.name,
    route: x.route?.config.name ?? null,
    pool: x.route?.config.to ?? null,
    server: x.server?.name ?? null,
    client: clientAddress(x),
    port: client.port,
    method: head.method,
    target: head.target,
    version: head.minor === 1 ? '1.1' : '1.0',
    host: head.host,
    userAgent: head.get(Field.userAgent) ?? '',
    referer: head.get(Field.referer) ?? '',
    status: x.status,
    cause,
    end: cause === null ? '--' : rowOf(cause).letter + x.phase,
    diagnosis: x.diagnosis,
    incident: x.incident,
    header: x.headAt - client.startedAt,
    queue: x.waited + (x.queueFrom >= 0 ? now - x.queueFrom : 0),
    connect: x.connectTook,
    firstByte,
    total,
    bytesIn: client.bytesIn,
    bytesOut: x.responder.bytes,
    cache: x.caching.result,
    cacheDetail: x.caching.detail,
    retries: x.retries,
    redispatched: x.redispatched,
    reused: x.reused,
    listenerInUse: x.listenerInUse,
    poolInUse: x.poolInUse,
    serverInUse: x.serverInUse,
    queueLength: x.queueLength,
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
