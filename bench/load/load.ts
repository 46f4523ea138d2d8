/** What a load generator brought about and saw. */
export interface Load {
  readonly requests: number
  /** How long it took, in seconds. */
  readonly seconds: number
  /** Bytes that came back. */
  readonly bytes: number
  /** Latency in ms that half, and 99 %, of the answers did not exceed. */
  readonly p50: number
  readonly p99: number
  /** Connections that failed, requests without an answer, answers that were no 2xx or 3xx. */
  readonly errors: number
}
