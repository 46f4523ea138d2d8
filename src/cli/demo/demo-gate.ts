/** The gate of the demo: Headgate as anybody can start it from a program, before two of the shops. */
import type { Cause } from '../../base/cause.ts'
import { configFrom } from '../../config/native.ts'
import { type Headgate, start } from '../../run/supervisor.ts'

export interface GatePlan {
  /** Where it listens on this machine; 0: any free port. */
  readonly port: number
  /** Ports of the shops behind it. */
  readonly servers: readonly number[]
  /** Visitors it lets into each shop at once. */
  readonly places: number
  /** Visitors it lines up, and for how long, in ms. */
  readonly line: { readonly max: number; readonly timeout: number }
}

export class DemoGate implements AsyncDisposable {
  readonly port: number
  readonly #headgate: Headgate

  private constructor(headgate: Headgate) {
    this.#headgate = headgate
    this.port = Number(headgate.addresses.door?.[0]?.split(':').at(-1))
  }

  /** Opens it. Rejects with the system's error when the port cannot be had. */
  static async open({ port, servers, places, line }: GatePlan): Promise<DemoGate> {
    const config = configFrom({
      threads: 1,
      listeners: { door: { bind: `127.0.0.1:${port}` } },
      pools: {
        shops: {
          servers: servers.map((server) => ({ address: `127.0.0.1:${server}`, maxConnections: places })),
          queue: { max: line.max, timeout: `${line.timeout}ms` },
        },
      },
      accessLog: false,
    })
    return new DemoGate(await start(config))
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Visitors in line at this moment. */
  get waiting(): number {
    return this.#headgate.usage().pools[0]?.waiting ?? 0
  }

  /** How many visits ended for which cause so far. */
  get causes(): Readonly<Partial<Record<Cause, number>>> {
    return this.#headgate.usage().causes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#headgate.kill()
  }
}
