/**
 * What a route's key counts besides the target: request fields and cookies. They choose among the responses to a target
 * as fields do that Vary names, and stand among those names in a form that no field can have. So they are no part of the
 * primary key, and what removes it removes all that they keep apart: an unsafe request invalidates its target, whatever
 * fields and cookies it carries itself (RFC 9111 §4.4).
 *
 *   :h x-device   a field
 *   :c lang       a cookie, or a family of them
 */
import { equalsLower } from '../../base/bytes.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import type { KeySettings } from '../freshness/settings.ts'
import { isOf } from './name-pattern.ts'

const HEADER = ':h '
const COOKIE = ':c '

/** The names for what these settings count. */
export function keyParts({ headers, cookies }: KeySettings): readonly string[] {
  return [...headers.map((name) => HEADER + name), ...cookies.map((name) => COOKIE + name)]
}

/** Whether a name among those of Vary is one of these. */
export function isKeyPart(name: string): boolean {
  return name.startsWith(HEADER) || name.startsWith(COOKIE)
}

/** What the request has for such a name, as lines; what is missing differs from what is empty. */
export function keyPartValue(name: string, head: RequestHead): string {
  const written = name.slice(HEADER.length)
  if (name.startsWith(COOKIE)) return `${name}${cookiesOf(head, written)}\n`
  let lines = ''
  for (let i = 0; i < head.count; i++) {
    if (equalsLower(head.text, head.spans[i * 4]!, head.spans[i * 4 + 1]!, written))
      lines += `${name}:${head.value(i)}\n`
  }
  return lines === '' ? `${name}\n` : lines
}

/**
 * Name and value of a line of what chose a response, as people read them: of one of these, or of a field that Vary named.
 * `value` null: the request had nothing of that name. null: it is no such line.
 */
export function shownChoice(line: string): readonly [name: string, value: string | null] | null {
  // A cookie's name may hold a colon, a field's none.
  const cookie = line.startsWith(COOKIE)
  const from = isKeyPart(line) ? HEADER.length : 0
  const at = line.indexOf(cookie ? ';' : ':', from)
  if (line.length <= from || at === from) return null
  const name = at < 0 ? line.slice(from) : line.slice(from, at)
  if (at < 0) return [cookie ? `cookie ${name}` : name, null]
  return cookie ? [`cookie ${name}`, line.slice(at + 1).replaceAll(';', '; ')] : [name, line.slice(at + 1)]
}

/** `;name=value` of each cookie that fits, by name, those of one name as they stand; '' without any. No cookie holds a semicolon. */
function cookiesOf(head: RequestHead, written: string): string {
  if (!head.has(Field.cookie)) return ''
  const found: { readonly name: string; readonly pair: string }[] = []
  for (let i = 0; i < head.count; i++) {
    if (head.ids[i] !== Field.cookie) continue
    for (const element of head.value(i).split(';')) {
      const pair = element.trim()
      const name = pair.slice(0, Math.max(0, pair.indexOf('=')))
      if (name !== '' && isOf(name, written)) found.push({ name, pair })
    }
  }
  // Of two cookies with one name some servers take the first and some the last: their order counts.
  found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return found.map(({ pair }) => `;${pair}`).join('')
}
