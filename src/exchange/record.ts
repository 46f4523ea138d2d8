/** What is left of an exchange when it is over. Log, metrics, episodes and (later) health and breaker read it. */
import type { Cause } from '../base/cause.ts'
import type { Voice } from '../ledger/voice.ts'
import type { CacheResult } from './cache/cache-report.ts'

/** Which limit turned a request away, with what it saw and where the limit was written. */
export interface Diagnosis {
  readonly cause: Cause
  /** `listener web`, `route /shop`, `pool shop`, `server 10.0.0.1:80` … */
  readonly gate: string
  /** The limit that was reached (a count, or ms for a timeout), and what was observed; null where none is at stake. */
  readonly limit: number | null
  readonly observed: number | null
  /** Whose limit it was, such as the configuration's or an operator's; null where no limit is at stake. */
  readonly limitBy: Voice | null
  /** Path of the setting, `pools.shop.queue.max`, or its option, `--queue`; and its place as `file:line` where it was written in a file. */
  readonly setting: string | null
  readonly place: string | null
  readonly advice: string
  /** What the system or the parser said, for the operator only. */
  readonly detail: string | null
}

/** One finished exchange. Times in ms (fractions kept), -1 where the stage was never reached, as in HAProxy's log. */
export interface ExchangeRecord {
  /** Wall clock, ms since the epoch, when the first byte of the request was seen. */
  readonly at: number
  readonly listener: string
  readonly route: string | null
  readonly pool: string | null
  readonly server: string | null
  /** Address and port of the peer; of the client it names where the peer is a trusted proxy. */
  readonly client: string
  readonly port: number
  readonly method: string
  readonly target: string
  /** '1.1' or '1.0'. */
  readonly version: string
  readonly host: string
  readonly userAgent: string
  readonly referer: string
  /** Status sent to the client; 0 where none was. */
  readonly status: number
  /** null: it went well. */
  readonly cause: Cause | null
  /** Two letters: the cause's, and the stage's (R request head, Q queue, C connect, H waiting for response head, D data, L last bytes to the client); `--` when all went well. */
  readonly end: string
  readonly diagnosis: Diagnosis | null
  /** Set for every refused or failed exchange; also on the error page. */
  readonly incident: string | null
  /** First byte of the head to its end. */
  readonly header: number
  /** Waiting in lines. */
  readonly queue: number
  /** From the start of the connection to its establishment; 0 on a reused one. */
  readonly connect: number
  /** From the request sent to the first byte of the response head. */
  readonly firstByte: number
  /** First byte of the request to the last byte of the response. */
  readonly total: number
  /** Bytes from the client and to the client, heads and framing included. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** What the cache had to do with it; null: nothing. */
  readonly cache: CacheResult | null
  /** Why: `grace`, `saturated` or the cause for a stale copy, a reason not to store for what was passed on; null: nothing to tell. */
  readonly cacheDetail: string | null
  /** Attempts beyond the first; true where the last went to another server. */
  readonly retries: number
  readonly redispatched: boolean
  /** Whether the server's connection was used before. */
  readonly reused: boolean
  /**
   * In use at the moment of admission, this request included: listener connections, pool, server; and the line's length.
   * Of a request that was turned away: at that moment, and for the server the one that was fullest.
   */
  readonly listenerInUse: number
  readonly poolInUse: number
  readonly serverInUse: number
  readonly queueLength: number
}
