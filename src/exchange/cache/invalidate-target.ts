/** An unsafe request has changed something: what is stored of it is not right any more (RFC 9111 §4.4). */

import { hostKey } from '../../cache/key/key.ts'
import { invalidatedBy } from '../../cache/purge/invalidate.ts'
import { type Tree, treePath } from '../../cache/purge/trees.ts'
import { schemeOf } from '../../wire/http/forwarded.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { CachePart } from './cache-part.ts'

/**
 * Removes it from where a GET would find it: each path may take another route than the request did, and that may cache
 * although this one does not. Null: it is gone. Else more has changed than can be looked up, and the answer must wait
 * until all threads know of it, or its client could still be served what it has just removed.
 */
export function invalidate({ x, lookup }: CachePart, response: ResponseHead): Promise<void> | null {
  const { head, client, context } = x
  const { routes } = x.listener
  if (!routes.caches) return null
  const scheme = schemeOf(head, client.hop)
  const { paths, trees } = invalidatedBy(scheme, head, response)
  for (const path of paths) {
    const routeCache = routes.match(head.host, path)?.cache
    const key = routeCache?.key(client.hop, head, path)
    if (!routeCache || !key) continue
    routeCache.store.remove(key)
    if (key === lookup.primary) lookup.noteOwnRemoval()
  }
  if (trees.length === 0) return null
  const host = hostKey(scheme, head)
  return context.changed(trees.map((path): Tree => ({ kind: 'tree', scheme, host, path: treePath(path) })))
}
