/** A field by a name that is only known while the program runs, such as one that a configuration or a Vary names. */
import { equalsLower } from '../../base/bytes.ts'
import type { Head } from './head.ts'

/** Values of all fields of this name (lower case) as one list joined by ', ' (RFC 9110 §5.3), null where there is none. */
export function fieldList(head: Head, lowerName: string): string | null {
  let all: string | null = null
  for (let i = 0; i < head.count; i++) {
    if (!equalsLower(head.text, head.spans[i * 4]!, head.spans[i * 4 + 1]!, lowerName)) continue
    all = all === null ? head.value(i) : `${all}, ${head.value(i)}`
  }
  return all
}
