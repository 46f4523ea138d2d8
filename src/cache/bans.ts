/**
 * What has been ordered to go from the cache, in the order of the orders. An order is not carried out on all objects at
 * once: each stored object knows the last order it was compared with, and is compared with the later ones before it is
 * used again. So an order is in effect as soon as every thread has the list, however many objects there are; meanwhile a
 * sweeper goes through those that nobody asks for.
 */
import { type BanSubject, parseBan } from './ban.ts'

/** One order. Plain data: it is sent from thread to thread. */
export interface Order {
  /** 1, 2, 3 …: an object whose number is at least this has been compared, or was fetched later. */
  readonly number: number
  /** When it was given, ms since the epoch. */
  readonly at: number
  /** What is stale is left for grace instead of being removed. */
  readonly soft: boolean
  readonly what:
    | { readonly kind: 'ban'; readonly expression: string }
    /** Any of these tags. */
    | { readonly kind: 'tags'; readonly tags: readonly string[] }
    /** Beginning of scheme, host and path: `http://shop.test/shoes`. */
    | { readonly kind: 'prefix'; readonly prefix: string }
    /** Beginnings of primary keys, each a whole one without what fields and cookies add. */
    | { readonly kind: 'targets'; readonly targets: readonly string[] }
}

/** A stored object as orders see it. */
export interface OrderSubject extends BanSubject {
  /** Its primary key, or that of one of its variants. */
  readonly key: string
  readonly scheme: string
  /** Separated by spaces. */
  readonly tags: string
}

interface Compiled {
  readonly order: Order
  readonly matches: (subject: OrderSubject) => boolean
}

export class Bans {
  #orders: readonly Compiled[] = []
  #last = 0
  /** Orders up to this one are no longer in the list; whoever has not been compared with them is not to be trusted. */
  #forgotten = 0

  /** Number of the last order; 0: there was none. */
  get last(): number {
    return this.#last
  }

  get list(): readonly Order[] {
    return this.#orders.map(({ order }) => order)
  }

  /** Takes over the whole list. `last`: number of the last order ever given. */
  set(orders: readonly Order[], last: number): void {
    const known = new Map(this.#orders.map((one) => [one.order.number, one]))
    this.#orders = orders.map((order) => known.get(order.number) ?? { order, matches: matcherOf(order) })
    this.#last = last
    this.#forgotten = (orders[0]?.number ?? last + 1) - 1
  }

  /**
   * What the orders after `compared` make of an object: `keep`, `remove`, or the moment of the latest soft order that
   * concerns it, from which on it is stale.
   */
  judge(compared: number, subject: OrderSubject): 'keep' | 'remove' | number {
    if (compared < this.#forgotten) return 'remove'
    let softened = 0
    for (const { order, matches } of this.#orders) {
      if (order.number <= compared || !matches(subject)) continue
      if (!order.soft) return 'remove'
      softened = Math.max(softened, order.at)
    }
    return softened > 0 ? softened : 'keep'
  }
}

function matcherOf({ what }: Order): (subject: OrderSubject) => boolean {
  switch (what.kind) {
    case 'ban':
      return parseBan(what.expression).matches
    case 'tags': {
      const tags = new Set(what.tags)
      return (subject) => subject.tags !== '' && subject.tags.split(' ').some((tag) => tags.has(tag))
    }
    case 'prefix':
      return (subject) => `${subject.scheme}://${subject.host}${subject.url}`.startsWith(what.prefix)
    case 'targets':
      return ({ key }) => what.targets.some((one) => key === one || key.startsWith(`${one}\n`))
  }
}

/** What a key says of the request it was made of; see cacheKey. */
export function partsOf(key: string): { space: string; scheme: string; host: string; url: string } {
  const [space = '', scheme = '', host = '', url = ''] = key.split('\n', 4)
  return { space, scheme, host, url }
}
