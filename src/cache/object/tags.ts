/** The tags by which a response can be removed, as servers write them for caches of other makes. */
import { fieldList } from '../../wire/http/field-list.ts'
import type { ResponseHead } from '../../wire/http/head.ts'

/** All tags of a response, each once, separated by spaces; '' for none. A comma separates those of Cache-Tag only. */
export function tagsOf(head: ResponseHead): string {
  const tags = new Set<string>()
  for (const name of ['surrogate-key', 'xkey', 'cache-tag']) {
    // Several lines of a field stand behind each other with a comma and a space between, which is in none of their tags.
    const lines = (fieldList(head, name) ?? '').split(name === 'cache-tag' ? /[\s,]+/ : /,?\s+/)
    for (const tag of lines) if (tag !== '') tags.add(tag)
  }
  return [...tags].join(' ')
}
