/** What the table knows of one cause. */
export interface CauseRow {
  /** Who has to change something: the client that sent it, the server that failed, or Headgate and its limits. */
  readonly by: 'client' | 'server' | 'self'
  /** Status of the answer; 0 when nobody is left to answer, or the answer had already begun. */
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
  /** One sentence for the person who got the answer. It tells nothing of the inside. */
  readonly sentence: string
  /** What the operator can do about it. */
  readonly advice: string
}
