import type { Cause } from '../base/cause.ts'

/** The request that is being served, as its client's connection sees it. */
export interface RequestHandler {
  requestData(buf: Buffer, from: number, to: number): void
  /** The body is complete; its trailers, if any, stand in `client.body.trailers`. */
  requestEnd(): void
  /** What one read brought has been handed over. */
  requestRead(): void
  requestBad(cause: Cause, detail: string): void
  /** The client will send nothing more, but may still be reading (half-close). */
  clientEnded(): void
  clientDrained(): void
  clientGone(): void
}
