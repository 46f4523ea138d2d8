/** Which of the fields that direct caches is the one that counts for a response here. */
import { type CacheControl, readCacheControl } from '../../wire/http/cache-control.ts'
import { fieldList } from '../../wire/http/field-list.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { readSurrogateControl, readTargeted } from '../../wire/http/targeted.ts'
import type { CacheSettings } from './settings.ts'

/**
 * Reads the directives for a response: the first targeted field that is valid and not empty, and only without one
 * Surrogate-Control, if the route listens to it, and then Cache-Control (RFC 9213 §2.2). Pragma means nothing in a
 * response (RFC 9111 §5.4).
 */
export function controlOf(
  into: CacheControl,
  head: ResponseHead,
  settings: Pick<CacheSettings, 'targeted' | 'surrogateControl'>,
): void {
  for (const name of settings.targeted) {
    const text = name === 'cdn-cache-control' ? head.list(Field.cdnCacheControl) : fieldList(head, name)
    if (text !== null && readTargeted(into, text)) return
  }
  if (settings.surrogateControl) {
    const text = head.list(Field.surrogateControl)
    if (text !== null && readSurrogateControl(into, text)) return
  }
  readCacheControl(into, head)
}
