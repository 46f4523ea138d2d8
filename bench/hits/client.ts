/** Our end of the client that fills caches and asks them at a set pace: it runs in a process of its own. */
import { Helper } from '../helper.ts'
import type { Yard } from '../yard.ts'
import type { FillOrder, FillReport } from './fill.ts'
import type { PaceOrder, PaceReport } from './pace.ts'

/** What the process is told to do. */
export type CacheOrder = ({ readonly do: 'fill' } & FillOrder) | ({ readonly do: 'pace' } & PaceOrder)

export class CacheClient implements AsyncDisposable {
  readonly #helper: Helper<CacheOrder, FillReport | PaceReport>

  constructor(yard: Yard, cores: string | null) {
    this.#helper = new Helper(yard, new URL('driver.ts', import.meta.url), cores)
  }

  /** Asks once for each path. Rejects when more than a few of the answers are not good. */
  async fill(order: FillOrder): Promise<void> {
    const { errors } = (await this.#helper.ask({ do: 'fill', ...order })) as FillReport
    if (errors > order.count / 1000) throw new Error(`${errors} of ${order.count} objects were not fetched`)
  }

  /** Asks at a constant rate for some seconds. */
  async pace(order: PaceOrder): Promise<PaceReport> {
    return (await this.#helper.ask({ do: 'pace', ...order })) as PaceReport
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#helper[Symbol.asyncDispose]()
  }
}
