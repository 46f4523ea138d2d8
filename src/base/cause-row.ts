/** One row of the table of causes. */
export interface CauseRow {
  /** The side that has to change something: the client that sent it, the server that failed, or Headgate and its limits. */
  readonly by: 'client' | 'server' | 'self'
  /** Status of the answer; 0 when no client is left to answer, or the answer has already begun. */
  readonly status: number
  /** Error type of RFC 9209 §2.3, or null where none fits. */
  readonly proxyStatus: string | null
  /** First letter of the access log's end code; the second is the stage's. */
  readonly letter: string
  /**
   * Whether another attempt may follow. `unsent`: nothing of the request was sent. `idempotent`: the method is
   * idempotent (RFC 9110 §9.2.2) and no byte of the response was seen.
   */
  readonly retry: 'never' | 'unsent' | 'idempotent'
  /** True where Headgate itself turns traffic away to protect the servers: the answer carries Retry-After. */
  readonly shed: boolean
  /** One sentence for the visitor who gets the answer. It reveals nothing internal. */
  readonly sentence: string
  /** What the operator can do about it. */
  readonly advice: string
}
