/**
 * The main thread's side of the cache: purges, bans, and what operators ask. A removal is in effect on every thread before
 * it is answered, so that none serves what is to go; a sweeper then goes through the store at leisure and frees the
 * memory of what is gone and of what will not be used again.
 */

import { expire, Freshness } from '../../cache/freshness/freshness.ts'
import { ageAt, RequestDirectives, usableWhenSaturated } from '../../cache/freshness/reuse.ts'
import { targetKey } from '../../cache/key/key.ts'
import { type Misnamed, type NamedUrl, readPrefix, readUrl } from '../../cache/key/named-url.ts'
import { explained, isOf, isStored } from '../../cache/object/reasons.ts'
import { KIND, SLOT } from '../../cache/object/stored-object.ts'
import type { Ban } from '../../cache/purge/ban.ts'
import { RemovalLog } from '../../cache/purge/removal-log.ts'
import { type Named, partsOf, type RemovalSnapshot, Removals } from '../../cache/purge/removals.ts'
import type { Tree } from '../../cache/purge/trees.ts'
import { CODINGS, codedKey } from '../../cache/serve/coding.ts'
import type { Config, RouteConfig } from '../../config/model.ts'
import { outlives } from '../../exchange/cache/route-cache.ts'
import type { Note, Noted } from '../../exchange/cache/store-notes.ts'
import type { Purged } from '../../exchange/context.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { type Store, StoreBusy } from '../../store/store.ts'
import type {
  CacheControl,
  CacheUsage,
  ObjectReport,
  Purge,
  Removal,
  RemovalEntry,
  StoredVariant,
  Told,
} from '../../watch/admin/cache-control-port.ts'
import { holders, holdersOf, type Saturation } from './cache-memory.ts'
import { storedVariant } from './stored-variant.ts'
import { Sweeper } from './sweeper.ts'

/** What it needs of the process. */
export interface CacheDependencies {
  readonly config: Config
  readonly store: Store
  /** Sends new removals to every thread; resolves when they are in effect on all of them. */
  broadcast(removals: RemovalSnapshot): Promise<void>
  /** What any thread has noted about one of these targets last. */
  why(targets: readonly string[]): Promise<Noted>
  /** Why the servers behind these routes could not carry what would be asked for again, null when they could. */
  saturated(routes: readonly string[]): Saturation | null
  /** Sum of a counter. */
  count(key: string): number
}

export class CachePurger implements CacheControl {
  readonly #dependencies: CacheDependencies
  readonly #bans = new Removals()
  readonly #life = new Freshness()
  readonly #log = new RemovalLog()
  readonly #caching: readonly Caching[]
  /** The last removal when the walk under way began. */
  #walking = 0
  readonly #sweeper: Sweeper

  constructor(dependencies: CacheDependencies) {
    this.#dependencies = dependencies
    this.#caching = dependencies.config.routes.filter((route): route is Caching => route.cache !== null)
    this.#sweeper = new Sweeper(dependencies.store, {
      visit: (hold) => this.#visit(hold, Date.now()),
      // Patterns are tried on every object that is met until they have been carried out; names cost nothing.
      pace: () => (!this.#log.busy ? 'idle' : this.#log.costly ? 'hurried' : 'steady'),
      walked: () => this.#walked(),
    })
  }

  stop(): void {
    this.#sweeper.stop()
  }

  /** The removals that a new thread begins with. */
  get snapshot(): RemovalSnapshot {
    return this.#log.all
  }

  async purge({ url, prefix, tags, soft, force }: Purge): Promise<Removal> {
    let what: Named = { kind: 'tags', tags }
    let routes: readonly Caching[] = this.#caching
    if (prefix !== null) {
      const named = orThrow(readPrefix(prefix), prefix)
      what = { kind: 'prefix', ...named }
      routes = holders(routes, { host: named.host, path: named.path, whole: false })
    } else if (url !== null) {
      const named = orThrow(readUrl(url), url)
      routes = holdersOf(this.#dependencies.config, routes, named)
      what = { kind: 'targets', targets: targetsOf(routes, named) }
    }
    if (routes.length === 0) {
      const reason = `no route that caches takes ${url ?? `what begins with ${prefix}`}, so that nothing is stored for it`
      return { done: false, why: 'nowhere', reason, routes: this.#caching.map(described) }
    }
    const full = force ? null : this.#dependencies.saturated(namesOf(routes))
    if (full !== null && what.kind === 'targets' && this.#neverStale(what.targets)) return spared(full)
    const softened = !soft && full !== null
    return await this.#give(what, soft || softened, softened)
  }

  /** The method PURGE. */
  async purgeTargets(targets: readonly string[]): Promise<Purged> {
    const routes = [...new Set(targets.map((target) => partsOf(target).space))]
    const full = this.#dependencies.saturated(routes)
    if (full !== null && this.#neverStale(targets))
      return { done: false, cause: 'purge_saturated', says: spared(full).reason }
    const softened = full !== null
    const removal = await this.#give({ kind: 'targets', targets }, softened, softened)
    if (!removal.done) return { done: false, cause: 'purge_full', says: removal.reason }
    return { done: true, says: softened ? 'made stale, as the servers are saturated' : 'purged' }
  }

  /** An unsafe request has changed all of this. Resolves when no thread serves its former state any more. */
  async changed(trees: readonly Tree[]): Promise<void> {
    const now = Date.now()
    // What has changed must not be served; where there is no room to say what that is, nothing stored is.
    const removals = trees.map((tree) => this.#log.give(tree, false, now) ?? this.#log.giveAll(now))
    await this.#broadcast(this.#log.with(removals))
    this.#sweeper.hurry()
  }

  async ban(ban: Ban, force: boolean): Promise<Removal> {
    const full = force ? null : this.#dependencies.saturated(namesOf(this.#caching))
    if (full !== null) return { done: false, why: 'saturated', ...full }
    return await this.#give({ kind: 'ban', expression: ban.text }, false, false)
  }

  /**
   * Whether something that can be looked up under these targets is served now and could not be used stale even under
   * pressure, so that making it stale would remove it. Of variants nothing is known.
   */
  #neverStale(targets: readonly string[]): boolean {
    const now = Date.now()
    const settings = new Map(this.#caching.map(({ name, cache }) => [name, cache]))
    return targets.some((target) => {
      const route = settings.get(partsOf(target).space)
      try {
        using hold = this.#dependencies.store.find(target, false)
        if (route === undefined || hold === null || hold.kind !== KIND.response) return false
        const life = this.#life
        if (!outlives(this.#bans, hold, life, now)) return false
        const served = (): boolean => usableWhenSaturated(life, NO_DIRECTIVES, route, 1, now)
        if (!served()) return false
        expire(life, now)
        return !served()
      } catch (error) {
        if (error instanceof StoreBusy) return false
        throw error
      }
    })
  }

  async #give(what: Named, soft: boolean, softened: boolean): Promise<Removal> {
    const removal = this.#log.give(what, soft, Date.now())
    if (removal === null) {
      const reason = `${this.#log.pending.length} removals are still under way, and no more are taken meanwhile`
      return { done: false, why: 'full', reason }
    }
    await this.#broadcast(this.#log.with([removal]))
    if (what.kind === 'targets') for (const target of what.targets) this.#removeNow(target, soft)
    this.#sweeper.hurry()
    return { done: true, soft, softened }
  }

  async #broadcast(removals: RemovalSnapshot): Promise<void> {
    this.#bans.apply(removals)
    await this.#dependencies.broadcast(removals)
  }

  /** Frees at once what is stored under a target itself; its variants are found only through that. */
  #removeNow(target: string, soft: boolean): void {
    const { store } = this.#dependencies
    try {
      using hold = store.find(target)
      if (hold === null) return
      if (hold.kind !== KIND.varies) this.#visit(hold, Date.now())
      else if (!soft) store.removeHeld(hold)
    } catch (error) {
      // The sweeper finds it later.
      if (!(error instanceof StoreBusy)) throw error
    }
  }

  removals(): Promise<readonly RemovalEntry[]> {
    const now = Date.now()
    const entries = this.#log.pending.map(({ what, soft, at }) => ({
      removal: textOf(what),
      soft,
      age: Math.round((now - at) / 1000),
    }))
    return Promise.resolve(entries)
  }

  async object(url: string): Promise<ObjectReport> {
    const named = orThrow(readUrl(url), url)
    const routes = holdersOf(this.#dependencies.config, this.#caching, named)
    const targets = targetsOf(routes, named)
    // The walk may meet an object twice.
    const variants = new Map<string, StoredVariant>()
    const now = Date.now()
    await this.#eachOf(targets, (hold) => {
      const { key } = hold
      if (hold.kind !== KIND.response || !outlives(this.#bans, hold, this.#life, now)) return
      const route = routes.find(({ name }) => name === partsOf(key).space)
      if (route !== undefined) variants.set(key, storedVariant(hold, this.#life, route.cache, now))
    })
    const { answer, passed } = await this.#dependencies.why(targets)
    const last = answer && {
      stored: isOf(isStored, answer.reason),
      ...toldOf(answer),
      status: answer.status === 0 ? null : answer.status,
    }
    return {
      url,
      routes: namesOf(routes),
      variants: [...variants.values()],
      last,
      passed: passed && { ...toldOf(passed), count: passed.count },
    }
  }

  /** Calls `visit` with what is stored under these targets: looks it up where that finds all, else walks the store. */
  async #eachOf(targets: readonly string[], visit: (hold: PinnedObject) => void): Promise<void> {
    const held = this.#lookUp(targets)
    if (held === null)
      return await this.#sweeper.walk((hold) => {
        const { key } = hold
        if (targets.some((target) => key === target || key.startsWith(`${target}\n`))) visit(hold)
      })
    try {
      for (const hold of held) visit(hold)
    } finally {
      for (const hold of held) hold.release()
    }
  }

  /** What is stored under these targets themselves, and its coded forms. Null: there may be more than can be looked up. */
  #lookUp(targets: readonly string[]): PinnedObject[] | null {
    const { config, store } = this.#dependencies
    // The host and port that they forward make further keys (saidBeyond).
    if (config.listeners.some(({ trustedProxies }) => trustedProxies.length > 0)) return null
    const held: PinnedObject[] = []
    const find = (key: string): PinnedObject | null => {
      const hold = store.find(key, false)
      if (hold !== null) held.push(hold)
      return hold
    }
    let all = true
    try {
      for (const target of targets) {
        const plain = find(target)
        if (plain === null) continue
        if (plain.kind === KIND.varies) all = false
        for (const coding of CODINGS) find(codedKey(target, coding))
      }
    } catch (error) {
      if (!(error instanceof StoreBusy)) throw error
      all = false
    }
    if (all) return held
    for (const hold of held) hold.release()
    return null
  }

  usage(): Promise<CacheUsage> {
    const { count, store } = this.#dependencies
    const { objects, bytes, capacity, evicted, resets } = store.usage()
    return Promise.resolve({
      size: capacity,
      used: bytes,
      objects,
      hits: count('cache:hit'),
      stale: count('cache:stale'),
      collapsed: count('cache:collapsed'),
      revalidated: count('cache:revalidated'),
      misses: count('cache:miss'),
      passes: count('cache:pass'),
      refreshed: count('cache:refreshed'),
      refreshFailed: count('cache:refreshFailed'),
      evicted,
      resets,
      removals: this.#log.pending.length,
    })
  }

  #walked(): void {
    const forgotten = this.#log.sweptTo(this.#walking, Date.now())
    this.#walking = this.#log.last
    if (forgotten) void this.#broadcast(this.#log.with([]))
  }

  #visit(hold: PinnedObject, now: number): void {
    const { store } = this.#dependencies
    if (hold.kind === KIND.pass && hold.meta(SLOT.until) < now) store.removeHeld(hold)
    if (hold.kind !== KIND.response) return
    const stays = outlives(this.#bans, hold, this.#life, now)
    const { ttl, grace, keep } = this.#life
    if (!stays || ageAt(this.#life, now) >= ttl + grace + keep) store.removeHeld(hold)
  }
}

/** A request without cache directives. */
const NO_DIRECTIVES = new RequestDirectives()

/** The answer to a soft purge that would be a removal in effect. */
function spared({ reason, place }: Saturation): Removal & { readonly done: false } {
  return { done: false, why: 'saturated', reason: `${reason}, and what is stored there may not be used stale`, place }
}

type Caching = RouteConfig & { readonly cache: NonNullable<RouteConfig['cache']> }

/** Beginnings of the keys that a URL has on these routes. */
function targetsOf(routes: readonly Caching[], { scheme, head }: NamedUrl): string[] {
  return routes.map(({ name, cache }) => targetKey(name, scheme, head, head.path, cache.key))
}

function namesOf(routes: readonly Caching[]): string[] {
  return routes.map(({ name }) => name)
}

/** A route with its hosts and path. */
function described({ name, hosts, path }: Caching): string {
  return `${name} (${hosts.length === 0 ? 'any host' : hosts.join(' ')}, ${path})`
}

function toldOf({ reason, at }: Note): Told {
  return { reason, ...explained(reason), at: new Date(at).toISOString() }
}

function orThrow<T extends object>(read: T | Misnamed, text: string): T {
  if ('says' in read) throw new RangeError(`${text} ${read.says}: ${read.fix}`)
  return read
}

function textOf(what: Named): string {
  switch (what.kind) {
    case 'ban':
      return what.expression
    case 'tags':
      return `tags ${what.tags.join(' ')}`
    case 'prefix':
      return `prefix ${what.scheme === null ? '' : `${what.scheme}://${what.host ?? '*'}`}${what.path}`
    case 'tree':
      return `changed ${what.scheme}://${what.host}${what.path}/`
    case 'targets': {
      const { scheme, host, url } = partsOf(what.targets[0] ?? '')
      return `url ${scheme}://${host ?? '*'}${url ?? '/*'}`
    }
  }
}
