/**
 * The main thread's side of the cache: what operators order and ask. Orders to remove are told to every thread before
 * they are answered, so that none serves what is to go; a sweeper then goes through the store at leisure and frees the
 * memory of what is gone and of what nobody will use again.
 */
import type { Ban } from '../cache/ban.ts'
import { Bans, type Order, partsOf } from '../cache/bans.ts'
import { ageAt } from '../cache/judge.ts'
import { targetKey } from '../cache/key.ts'
import { Life } from '../cache/life.ts'
import { KIND, readText, SLOT } from '../cache/stored.ts'
import type { Config, RouteConfig } from '../config/model.ts'
import type { Note } from '../exchange/notes.ts'
import { outlives } from '../exchange/route-cache.ts'
import type { Hold } from '../store/hold.ts'
import { type Store, StoreBusy } from '../store/store.ts'
import type {
  BanEntry,
  CacheControl,
  CacheUsage,
  ObjectReport,
  Purge,
  Removal,
  StoredVariant,
} from '../watch/admin/cache-control-port.ts'
import { RequestHead } from '../wire/head.ts'
import { parseRequest } from '../wire/request.ts'

/** What the cache's orders need of the process. */
export interface CacheGround {
  readonly config: Config
  readonly store: Store
  /** Tells every thread; resolves when it is in effect on all of them. */
  tell(orders: readonly Order[], last: number): Promise<void>
  /** The newest note of any thread about one of these targets. */
  why(targets: readonly string[]): Promise<Note | null>
  /** Why the servers could not carry what would be asked for again, null when they could. */
  saturated(): string | null
  /** Sum of a counter. */
  count(key: string): number
}

/** The sweeper's step: chains of the index at a time, and the pause between two, in ms. */
const CHAINS = 256
const PAUSE = 25
/** A fetch that began before an order may end so much later and store what the order meant. */
const LONGEST_FETCH = 15 * 60_000
/** Orders that may be waiting to be carried out. */
const MOST = 1000

export class CacheOrders implements CacheControl {
  readonly #ground: CacheGround
  readonly #bans = new Bans()
  readonly #life = new Life()
  #orders: Order[] = []
  #last = 0
  /** Orders up to this one have been compared with everything that is stored. */
  #swept = 0
  /** The last order when the walk began that is under way. */
  #walking = 0
  /** Walks that somebody waits for, under way or in line; the sweeper rests meanwhile. */
  #walkers = 0
  #walks = Promise.resolve()
  readonly #timer: NodeJS.Timeout

  constructor(ground: CacheGround) {
    this.#ground = ground
    this.#timer = setInterval(() => this.#sweep(), PAUSE)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The orders that a new thread has to heed. */
  get removals(): { readonly orders: readonly Order[]; readonly last: number } {
    return { orders: this.#orders, last: this.#last }
  }

  async purge({ url, prefix, tags, soft, force }: Purge): Promise<Removal> {
    const softened = !soft && !force && this.#ground.saturated() !== null
    if (prefix !== null)
      return await this.#give({ kind: 'prefix', prefix: plainPort(prefix) }, soft || softened, softened)
    if (url === null) return await this.#give({ kind: 'tags', tags }, soft || softened, softened)
    return await this.#give({ kind: 'targets', targets: this.#targets(url) }, soft || softened, softened)
  }

  /** The method PURGE: answers with a sentence. */
  async purgeTargets(targets: readonly string[]): Promise<string> {
    const softened = this.#ground.saturated() !== null
    const removal = await this.#give({ kind: 'targets', targets }, softened, softened)
    if (!removal.done) return removal.reason
    return softened ? 'made stale, as the servers are saturated' : 'purged'
  }

  async ban(ban: Ban, force: boolean): Promise<Removal> {
    const reason = force ? null : this.#ground.saturated()
    if (reason !== null) return { done: false, reason }
    return await this.#give({ kind: 'ban', expression: ban.text }, false, false)
  }

  async #give(what: Order['what'], soft: boolean, softened: boolean): Promise<Removal> {
    if (this.#orders.length >= MOST) {
      return { done: false, reason: `${MOST} orders are still being carried out` }
    }
    this.#orders = [...this.#orders, { number: ++this.#last, at: Date.now(), soft, what }]
    await this.#tell()
    return { done: true, objects: null, softened }
  }

  async #tell(): Promise<void> {
    this.#bans.set(this.#orders, this.#last)
    await this.#ground.tell(this.#orders, this.#last)
  }

  bans(): Promise<readonly BanEntry[]> {
    const now = Date.now()
    const entries = this.#orders
      .filter(({ number }) => number > this.#swept)
      .map(({ what, at }) => ({ expression: textOf(what), age: Math.round((now - at) / 1000) }))
    return Promise.resolve(entries)
  }

  async object(url: string): Promise<ObjectReport> {
    const targets = this.#targets(url)
    // The walk may meet an object twice.
    const variants = new Map<string, StoredVariant>()
    const now = Date.now()
    await this.#walk((hold) => {
      const { key } = hold
      if (hold.kind !== KIND.response) return
      if (!targets.some((target) => key === target || key.startsWith(`${target}\n`))) return
      if (!outlives(this.#bans, hold, this.#life, now)) return
      variants.set(key, variantOf(hold, this.#life, now))
    })
    const note = await this.#ground.why(targets)
    return {
      url,
      variants: [...variants.values()],
      last: note === null ? null : { stored: note.stored, reason: note.reason },
    }
  }

  usage(): Promise<CacheUsage> {
    const { count, store } = this.#ground
    const { objects, bytes, capacity, evicted } = store.usage()
    return Promise.resolve({
      size: capacity,
      used: bytes,
      objects,
      hits: count('cache:hit'),
      misses: count('cache:miss') + count('cache:pass') + count('cache:revalidated'),
      stale: count('cache:stale'),
      coalesced: count('cache:collapsed'),
      evicted,
      bans: this.#orders.filter(({ number }) => number > this.#swept).length,
    })
  }

  /** Beginnings of the keys that a URL has on the routes that cache. Throws RangeError for what is no URL. */
  #targets(url: string): string[] {
    const parts = URL.parse(url)
    if (parts === null || (parts.protocol !== 'http:' && parts.protocol !== 'https:'))
      throw new RangeError(`${url} is no URL: write it whole, http://host/path`)
    const scheme = parts.protocol === 'http:' ? 'http' : 'https'
    // As the client's request is read, so that the key is the same. The path stays as it was written.
    const path = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] || '/'
    const head = new RequestHead()
    const request = Buffer.from(
      `GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1\r\nHost: ${parts.host}\r\n\r\n`,
    )
    const limits = { line: request.length, head: request.length, fields: 1 }
    if (parseRequest(head, request, 0, request.length, limits) <= 0)
      throw new RangeError(`${url} is no URL: ${head.detail}`)
    const caching = this.#ground.config.routes.filter((route): route is Caching => route.cache !== null)
    return caching.map(({ name, cache }) => targetKey(name, scheme, head, head.path, cache.key))
  }

  #sweep(): void {
    // What a dead thread held in a shard whose lock could not be had then.
    this.#ground.store.heard()
    if (this.#walkers > 0) return
    const now = Date.now()
    this.#each(
      (hold) => this.#visit(hold, now),
      () => {
        this.#swept = this.#walking
        this.#walking = this.#last
        const kept = this.#orders.filter(({ number, at }) => number > this.#swept || now - at < LONGEST_FETCH)
        if (kept.length === this.#orders.length) return
        this.#orders = kept
        void this.#tell()
      },
    )
  }

  #visit(hold: Hold, now: number): void {
    const { store } = this.#ground
    if (hold.kind === KIND.pass && hold.meta(SLOT.until) < now) store.removeHeld(hold)
    if (hold.kind !== KIND.response) return
    const stays = outlives(this.#bans, hold, this.#life, now)
    const { ttl, grace, keep } = this.#life
    if (!stays || ageAt(this.#life, now) >= ttl + grace + keep) store.removeHeld(hold)
  }

  #each(visit: (hold: Hold) => void, end: () => void): void {
    try {
      if (this.#ground.store.each(visit, CHAINS)) end()
    } catch (error) {
      if (!(error instanceof StoreBusy)) throw error
    }
  }

  /** The whole store, in small steps; an object may be met twice. One walk at a time, as all share one place in it. */
  #walk(visit: (hold: Hold) => void): Promise<void> {
    this.#walkers++
    const done = this.#walks.then(async () => {
      // It goes on where the sweeper is, so the first end is not its own.
      for (let ends = 0; ends < 2; ) {
        this.#each(visit, () => ends++)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    this.#walks = done.catch(() => {}).then(() => void this.#walkers--)
    return done
  }
}

type Caching = RouteConfig & { readonly cache: NonNullable<RouteConfig['cache']> }

/** Keys have no port where it is the scheme's own. */
function plainPort(prefix: string): string {
  return prefix
    .replace(/^(http:\/\/[^/?#]*):80(?=[/?#]|$)/i, '$1')
    .replace(/^(https:\/\/[^/?#]*):443(?=[/?#]|$)/i, '$1')
}

function textOf(what: Order['what']): string {
  switch (what.kind) {
    case 'ban':
      return what.expression
    case 'tags':
      return `tags ${what.tags.join(' ')}`
    case 'prefix':
      return `prefix ${what.prefix}`
    case 'targets': {
      const { scheme, host, url } = partsOf(what.targets[0] ?? '')
      return `url ${scheme}://${host}${url}`
    }
  }
}

function variantOf(hold: Hold, life: Life, now: number): StoredVariant {
  const stored = readText(hold.headText(), hold)
  const age = ageAt(life, now)
  const seconds = (ms: number): number => Math.round(ms / 1000)
  const vary: Record<string, string> = {}
  // A variant has its key from the primary one, a form that was made here from that of what it was made of.
  const [plain = '', coding = null] = hold.key.split('\n\ne ')
  const [, variant = ''] = plain.split('\n\nv ')
  for (const line of variant.split('\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon > 0) vary[line.slice(0, colon)] = line.slice(colon + 1)
  }
  return {
    vary,
    coding,
    status: stored.status,
    size: hold.length,
    age: seconds(age),
    fresh: seconds(life.ttl - age),
    grace: seconds(life.ttl + life.grace - age),
    keep: seconds(life.ttl + life.grace + life.keep - age),
    tags: stored.tags === '' ? [] : stored.tags.split(' '),
    etag: stored.etag === '' ? null : stored.etag,
  }
}
