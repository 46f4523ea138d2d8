/** An unsafe request has changed something: what is stored of it is not right any more (RFC 9111 §4.4). */
import { invalidatedBy } from '../cache/invalidate.ts'
import { schemeOf } from '../wire/forwarded.ts'
import type { ResponseHead } from '../wire/head.ts'
import type { Exchange } from './exchange.ts'

/**
 * Removes it from where a GET would find it: each path may take another route than the request did, and that may cache
 * although this one does not.
 */
export function invalidate(x: Exchange, response: ResponseHead): void {
  const { head, client, world } = x
  const routes = world.routes.get(client.context.config.name)
  if (routes === undefined || !routes.caches) return
  for (const path of invalidatedBy(schemeOf(head, client.hop), head, response)) {
    const way = routes.match(head.host, path)?.cache
    const key = way?.key(client.hop, head, path)
    if (!way || !key) continue
    way.store.remove(key)
    if (key === x.caching.primary) x.caching.removed()
  }
}
