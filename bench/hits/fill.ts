/** Has a cache store many objects: asks once for each, as fast as the answers come. */
import { Connection, type Listener } from '../overload/connection.ts'
import { requestOf } from './request.ts'

export interface FillOrder {
  readonly port: number
  /** What comes before the number. It ends in a slash. */
  readonly path: string
  /** The first number, and how many there are. */
  readonly from: number
  readonly count: number
}

export interface FillReport {
  /** Requests that were not answered with 200. */
  readonly errors: number
}

/** Connections: enough to keep a proxy busy. */
const CONNECTIONS = 64
const GOOD = 200

class Filler implements Listener {
  readonly #order: FillOrder
  readonly #open = new Set<Connection>()
  readonly #done = Promise.withResolvers<void>()
  #sent = 0
  #over = 0
  #errors = 0

  constructor(order: FillOrder) {
    this.#order = order
  }

  async run(): Promise<FillReport> {
    if (this.#order.count > 0) {
      for (let i = 0; i < CONNECTIONS; i++) new Connection(this.#order.port, this)
      await this.#done.promise
      for (const connection of this.#open) connection.drop()
    }
    return { errors: this.#errors }
  }

  opened(): void {}

  free(connection: Connection): void {
    this.#open.add(connection)
    const { port, path, from, count } = this.#order
    if (this.#sent < count) connection.send(this.#sent, requestOf(port, path, from + this.#sent++))
  }

  answered(_id: number, status: number): void {
    this.#end(status === GOOD)
  }

  gone(connection: Connection, id: number): void {
    this.#open.delete(connection)
    if (id >= 0) this.#end(false)
    if (this.#over === this.#order.count) return
    // Nobody there: what has not been sent will not be answered.
    if (!connection.wasOpen) for (; this.#sent < this.#order.count; this.#sent++) this.#end(false)
    else if (this.#sent < this.#order.count) new Connection(this.#order.port, this)
  }

  #end(good: boolean): void {
    if (!good) this.#errors++
    if (++this.#over === this.#order.count) this.#done.resolve()
  }
}

export function fill(order: FillOrder): Promise<FillReport> {
  return new Filler(order).run()
}
