/** What the policy needs to know of a route's configuration; its words are explained there. Times in ms. */
import type { RouteCacheConfig } from '../../config/model.ts'

/** All of it but what concerns the way of requests and not the messages. */
export type CacheSettings = Omit<
  RouteCacheConfig,
  'bypass' | 'purge' | 'hitForMiss' | 'coalesce' | 'compress' | 'status'
>

/** What makes two requests ask for the same thing, before Vary. */
export type KeySettings = CacheSettings['key']
