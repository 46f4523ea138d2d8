/** The data plane of one thread with neither listening sockets nor connections: clients and servers are in memory. */
import assert from 'node:assert/strict'
import { configFrom } from '../../src/config/native.ts'
import type { WrittenConfig } from '../../src/config/written.ts'
import type { ExchangeRecord } from '../../src/exchange/record.ts'
import { createMemory, planLedger } from '../../src/ledger/layout.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import { storeOf } from '../../src/run/cache/cache-memory.ts'
import { gateCounters } from '../../src/run/counters.ts'
import { DataPlane } from '../../src/run/data-plane.ts'
import { Store } from '../../src/store/store.ts'
import { MemoryClient } from './memory-client.ts'
import { MemoryServer } from './memory-origin.ts'

export class MemoryPlane implements AsyncDisposable {
  readonly ledger: Ledger
  readonly records: ExchangeRecord[] = []
  /** In the order of the configuration. */
  readonly servers: readonly MemoryServer[]
  readonly #plane: DataPlane

  /** What is not said is as in `headgate`. Pools name servers by addresses that nothing listens on. */
  constructor(written: Record<string, unknown>) {
    const pools = (written.pools ?? {}) as Record<string, unknown>
    const config = configFrom({
      listeners: { web: { bind: '127.0.0.1:0' } },
      routes: [{ to: Object.keys(pools)[0] }],
      accessLog: false,
      admin: false,
      ...written,
      threads: 1,
    } as unknown as WrittenConfig)
    const plan = planLedger(config, { counters: gateCounters(config) })
    const memory = createMemory(plan)
    this.ledger = new Ledger(memory, plan, 0)
    this.ledger.join()
    const shared = storeOf(config)
    const store = shared === null ? null : new Store(shared, 0, () => queueMicrotask(() => this.#plane.onRing()))
    const servers: MemoryServer[] = []
    const events = {
      defect: (error: unknown) => assert.fail(String(error)),
      record: (record: ExchangeRecord) => void this.records.push(record),
    }
    this.#plane = new DataPlane(config, this.ledger, 0, events, store, Number.POSITIVE_INFINITY, undefined, () => {
      const server = new MemoryServer()
      servers.push(server)
      return server
    })
    this.servers = servers
  }

  get server(): MemoryServer {
    return this.servers[0]!
  }

  /** Hands a request over, `GET /` or start line and fields, and answers with its client. */
  ask(request: string, pieces: readonly string[] = []): MemoryClient {
    const [line = '', ...fields] = request.split('\r\n')
    const client = new MemoryClient([`${line} HTTP/1.1`, 'Host: shop.test', ...fields].join('\r\n'), pieces)
    const entrance = this.#plane.entranceOf('web')
    assert.ok(entrance !== undefined)
    entrance.request(client, client.head)
    return client
  }

  used(key: string): number {
    return this.ledger.slots(key).used
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plane.stop()
  }
}
