/** The written form of the store that all caching routes share. */
import { z } from 'zod'
import { defaults } from '../defaults.ts'
import { size } from './scalars.ts'

const d = defaults.cache

export const cache = z.strictObject({
  size: size(1024 * 1024)
    .prefault(d.size)
    .describe(
      'Memory for stored answers, of all threads and routes together; reserved at the start when a route caches, and never exceeded. nginx: max_size of proxy_cache_path. Varnish: -s default,256m.',
    ),
  maxObject: size(1024)
    .prefault(d.maxObject)
    .describe(
      'Longest body that is stored, at most a quarter of `size`; longer ones pass through. Squid: maximum_object_size_in_memory.',
    ),
})
