/** A server for tests of the cache: what it says is set path by path, and it keeps the head of every request that reached it. */
import assert from 'node:assert/strict'
import type { WrittenConfig } from '../../src/config/written.ts'
import type { StartOptions } from '../../src/run/supervisor.ts'
import { type Answered, Client } from './client.ts'
import { headgate, type Running } from './headgate.ts'
import { type Asked, Origin } from './origin.ts'

/** Answers the `n`th request (from 1) for its path. */
export type Says = (asked: Asked, n: number) => void

export class CacheOrigin implements AsyncDisposable {
  readonly #origin: Origin
  readonly #says = new Map<string, Says>()
  readonly #heads = new Map<string, string[]>()

  private constructor(origin: Origin) {
    this.#origin = origin
  }

  /** A path of which nothing was said gets 404 without a word about caching. */
  static async listen(): Promise<CacheOrigin> {
    const origin: { own: CacheOrigin | null } = { own: null }
    const server = await Origin.listen((asked) => origin.own?.asked(asked))
    origin.own = new CacheOrigin(server)
    return origin.own
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return this.#origin.address
  }

  /** Requests so far, whatever their path. */
  get requests(): number {
    return this.#origin.requests
  }

  /** What a path answers from now on, whatever its query. */
  on(path: string, says: Says): this {
    this.#says.set(path, says)
    return this
  }

  /** Answers each request for a path with these whole field lines, and with a body that counts: 'one 1', 'one 2' for '/one'. */
  says(path: string, fields: string, status = '200 OK'): this {
    return this.on(path, (asked, n) => asked.answer(`${path.slice(1)} ${n}`, fields, status))
  }

  /** How many requests for this path have come, whatever their query. */
  count(path: string): number {
    return this.heads(path).length
  }

  /** Heads of the requests for this path, in their order. */
  heads(path: string): readonly string[] {
    return this.#heads.get(path) ?? []
  }

  /** Head of the last request for this path, '' where there was none. */
  last(path: string): string {
    return this.heads(path).at(-1) ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#origin[Symbol.asyncDispose]()
  }

  asked(asked: Asked): void {
    const path = /^\S+ ([^ ?]*)/.exec(asked.head)?.[1] ?? ''
    const heads = this.#heads.get(path) ?? []
    this.#heads.set(path, heads)
    heads.push(asked.head)
    const says = this.#says.get(path)
    if (says === undefined) asked.answer('', '', '404 Not Found')
    else says(asked, heads.length)
  }
}

/** A Headgate called `gate` before a server, with a cache that does what the answers say and nothing beyond: no grace, no guess. */
export function caching(
  origin: { readonly address: string },
  cache: Record<string, unknown> = {},
  more: Partial<Record<keyof WrittenConfig, unknown>> = {},
  options: StartOptions = {},
): Promise<Running> {
  const written = {
    name: 'gate',
    cache: { size: '16MB', maxObject: '1MB' },
    pools: { shop: { servers: [origin.address] } },
    routes: [{ to: 'shop', cache: { grace: 0, heuristic: false, ...cache } }],
    ...more,
  }
  return headgate(written, options)
}

/** The world of a test: a server, a Headgate that caches before it, a client of that. */
export interface Shop extends AsyncDisposable {
  readonly origin: CacheOrigin
  readonly gate: Running
  readonly client: Client
}

/** Starts one. `cache`: settings of the route's cache, see caching. */
export async function shop(
  cache: Record<string, unknown> = {},
  more: Partial<Record<keyof WrittenConfig, unknown>> = {},
): Promise<Shop> {
  const origin = await CacheOrigin.listen()
  const gate = await caching(origin, cache, more)
  const client = await Client.connect(gate.port)
  return {
    origin,
    gate,
    client,
    async [Symbol.asyncDispose](): Promise<void> {
      client[Symbol.dispose]()
      await gate[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

/** A Date, Expires or Last-Modified, so many seconds from now; negative: ago. */
export function httpDateIn(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toUTCString()
}

/** Asks twice for an answer with these fields, on a path of its own: was the second one served from the store, and what did it look like? */
export async function twice(
  at: Shop,
  fields: string,
  status = '200 OK',
  ask = '',
): Promise<{ readonly hit: boolean; readonly second: Answered; readonly path: string }> {
  const path = `/p${at.origin.requests}`
  at.origin.says(path, fields, status)
  const first = await at.client.get(path, ask).response()
  assert.equal(first.body, `${path.slice(1)} 1`, fields)
  const second = await at.client.get(path, ask).response()
  const hit = second.body === first.body
  assert.equal(at.origin.count(path), hit ? 1 : 2, fields)
  return { hit, second, path }
}

/** Sees that answers with these fields are served again, and those are not. */
export async function sorted(
  at: Shop,
  served: readonly string[],
  asked: readonly string[],
  status?: string,
  ask?: string,
): Promise<void> {
  for (const fields of served) assert.equal((await twice(at, fields, status, ask)).hit, true, `not served: ${fields}`)
  for (const fields of asked) assert.equal((await twice(at, fields, status, ask)).hit, false, `served: ${fields}`)
}
