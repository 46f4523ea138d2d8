/** The last incidents of a thread, looked up by the id on an error page. Bounded, and turned into text only then. */
import type { ExchangeRecord } from '../record.ts'

/** Incidents kept. */
const MOST = 1000
/** Texts of a request are pieces of its head, and keep all of it: of a head longer than this they are copied, and cut. */
const LONG_HEAD = 4096
const LONG_TEXT = 1024

export class Incidents {
  readonly #ring: ExchangeRecord[] = []
  #next = 0
  readonly #told: ((record: ExchangeRecord) => void) | null

  /** `told` is called with each as it comes; null: nothing is. */
  constructor(told: ((record: ExchangeRecord) => void) | null) {
    this.#told = told
  }

  /** `head`: length of the head that the texts of the record are pieces of; 0: they stand alone. */
  keep(record: ExchangeRecord, head: number): void {
    this.#ring[this.#next] = head > LONG_HEAD ? apart(record) : record
    this.#next = (this.#next + 1) % MOST
    this.#told?.(record)
  }

  find(incident: string): ExchangeRecord | null {
    return this.#ring.find((record) => record.incident === incident) ?? null
  }
}

function apart(record: ExchangeRecord): ExchangeRecord {
  const { method, target, host, userAgent, referer } = record
  return {
    ...record,
    method: copyOf(method),
    target: copyOf(target),
    host: copyOf(host),
    userAgent: copyOf(userAgent),
    referer: copyOf(referer),
  }
}

function copyOf(text: string): string {
  const copy = Buffer.from(text.slice(0, LONG_TEXT), 'latin1').toString('latin1')
  return text.length > LONG_TEXT ? `${copy}...` : copy
}
