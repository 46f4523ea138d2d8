/** Endless responses, as far as the cache is concerned: they are never waited for or shared. */
import { defaults } from '../../config/defaults.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { isEndless } from '../../wire/http/media-type.ts'
import type { Route } from '../routing/route.ts'

/** Those that never end by nature are none for the cache even where the pool does not count them as streams. */
export function neverEnds({ upstream }: Route, head: ResponseHead): boolean {
  return isEndless(head, upstream.config.streams.types) || isEndless(head, defaults.pool.streams.types)
}
