/** What the log, the counters and Cache-Status say about the cache's part in an exchange. */
import type { Forwarded } from '../../wire/http/cache-status.ts'

/** How an answer came about, for the log and the counters. */
export type CacheResult = 'hit' | 'stale' | 'collapsed' | 'revalidated' | 'miss' | 'pass'

export class CacheReport {
  /** null: the cache has nothing to do with it. */
  result: CacheResult | null = null
  /** Why; null: there is nothing to say. */
  detail: string | null = null
  /** Why a server was asked (RFC 9211 §2.2). */
  forwarded: Forwarded | null = null
  /** Status with which the server failed, so that a stale copy is served; 0: it has not. */
  failedWith = 0

  reset(): void {
    this.result = this.detail = this.forwarded = null
    this.failedWith = 0
  }

  set(result: CacheResult, detail: string | null): void {
    this.result = result
    this.detail = detail
  }

  is(result: CacheResult): void {
    this.result = result
  }

  because(detail: string | null): void {
    this.detail = detail
  }

  forward(forwarded: Forwarded | null): void {
    this.forwarded = forwarded
  }

  failed(status: number): void {
    this.failedWith = status
  }
}
