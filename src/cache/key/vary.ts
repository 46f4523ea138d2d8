/**
 * Vary (RFC 9111 §4.1): which fields of a request chose the response, and a text of their values that is the same for
 * two requests only if a response to the one may be used for the other. Values are normalised only where the
 * specification of the field says that nothing changes by it; all others count as they came.
 */
import { equalsLower } from '../../base/bytes.ts'
import { Field, fieldNames } from '../../wire/http/fields.ts'
import type { RequestHead, ResponseHead } from '../../wire/http/head.ts'
import { skipSpace, trimSpace } from '../../wire/http/list.ts'
import { OF_THIS_HOP } from '../../wire/http1/forward.ts'
import type { KeySettings } from '../freshness/settings.ts'
import { isKeyPart, keyPartValue } from './key-part.ts'

const NONE: readonly string[] = []

/** More names than that, or longer ones in all, choose nothing that would be asked for twice. */
const MOST_NAMES = 64
const LONGEST_NAMES = 4096

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/**
 * Fields that are written anew, or taken out, on the way to the server: what the client says there is not what chose
 * the response. Cache-Control and Pragma are taken out where the cache asks of its own accord, see hideDirectives.
 */
const OURS: ReadonlySet<string> = new Set([
  ...fieldNames.filter((_, id) => id > 0 && id < 32 && ((OF_THIS_HOP >>> id) & 1) === 1),
  'cache-control',
  'expect',
  'forwarded',
  'pragma',
  'proxy',
  'trailer',
  'via',
  'cdn-loop',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
])

/** What the server sees in these is in the key, where hosts are (see key.ts). So is what it sees in X-Forwarded-Proto. */
const OF_HOSTS: ReadonlySet<string> = new Set(['x-forwarded-host', 'x-forwarded-port'])

/**
 * Names in all Vary fields, but those whose values the key of each request holds: lower case, sorted, each once; none
 * without Vary. Else why no other request is known to match. 'vary-any': it is '*', or has what is no field name, or is
 * longer than any client needs. 'vary-own': it names a field that Headgate writes itself.
 */
export function readVary(
  head: ResponseHead,
  key: Pick<KeySettings, 'host'>,
): readonly string[] | 'vary-any' | 'vary-own' {
  const vary = head.list(Field.vary)
  if (vary === null) return NONE
  const names = new Set<string>()
  let length = 0
  for (const element of vary.split(',')) {
    const name = stripped(element).toLowerCase()
    if (name === '') continue
    if (name === '*' || !token.test(name)) return 'vary-any'
    if (names.has(name)) continue
    names.add(name)
    length += name.length
    if (names.size > MOST_NAMES || length > LONGEST_NAMES) return 'vary-any'
  }
  names.delete('x-forwarded-proto')
  if (key.host) for (const name of OF_HOSTS) names.delete(name)
  const sorted = [...names].sort()
  return sorted.some((name) => OURS.has(name)) ? 'vary-own' : sorted
}

/** As readVary; null where no other request is known to match. */
export function varyNames(head: ResponseHead, key: Pick<KeySettings, 'host'>): readonly string[] | null {
  const names = readVary(head, key)
  return typeof names === 'string' ? null : names
}

/**
 * The values of these fields in a request as one text: a line for each value. No value can hold the line feed that ends
 * it, and a field that is missing has no colon.
 */
export function variantOf(names: readonly string[], head: RequestHead): string {
  let variant = ''
  for (const name of names) {
    if (isKeyPart(name)) {
      variant += keyPartValue(name, head)
      continue
    }
    const values = name === 'host' ? [head.authority] : valuesOf(name, head)
    if (values.length === 0) variant += `${name}\n`
    else if (SINGLE.has(name)) for (const value of values) variant += `${name}:${value}\n`
    else variant += `${name}:${normal(name, values.join(', '))}\n`
  }
  return variant
}

function valuesOf(lowerName: string, head: RequestHead): string[] {
  const values: string[] = []
  for (let i = 0; i < head.count; i++) {
    if (equalsLower(head.text, head.spans[i * 4]!, head.spans[i * 4 + 1]!, lowerName)) values.push(head.value(i))
  }
  return values
}

/**
 * Fields with one value, in which a comma is a character as any other; several lines of them are not the same as one
 * with commas (RFC 9110 §5.3; of Cookie, RFC 6265 §5.4). All others are lists, as fields that can be repeated are.
 */
const SINGLE: ReadonlySet<string> = new Set(
  'authorization content-type cookie date dnt from host origin referer save-data user-agent'.split(' '),
)

function normal(name: string, value: string): string {
  // Within quotes a comma ends nothing, and space and case count.
  if (value.includes('"')) return value
  if (name === 'accept-encoding' || name === 'accept-language') return choices(value).join(',')
  // Space around the commas of a list means nothing (RFC 9110 §5.6.1).
  return value.split(',').map(stripped).join(',')
}

/**
 * A set whose weights tell the preference (RFC 9110 §12.5.3, §12.5.4: nothing can be read from the order): sorted by
 * name, so that a name that is there twice with two weights keeps their order.
 */
function choices(value: string): string[] {
  const nameOf = (choice: string): string => choice.split(';')[0]!
  const found = [...new Set(value.split(',').map(weighted))].filter(Boolean)
  return found.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0))
}

/**
 * An element in lower case, without the space that its parts may have around them, and with its weight as short as it
 * can be: a weight of 1 is what none means (RFC 9110 §12.4.2).
 */
function weighted(element: string): string {
  const parts = lower(element).split(';').map(stripped)
  const digits = parts.length < 2 ? null : /^q=((?:0|1)(?:\.\d{0,3})?)$/.exec(parts.at(-1)!)
  if (digits === null) return parts.join(';')
  const q = Number(digits[1])
  if (q > 1) return parts.join(';')
  parts.pop()
  return q === 1 ? parts.join(';') : `${parts.join(';')};q=${q}`
}

/** Without the space before and behind it. */
function stripped(text: string): string {
  const from = skipSpace(text, 0, text.length)
  return text.slice(from, trimSpace(text, from, text.length))
}

/** Letters beyond ASCII have no case in a field: they are bytes of unknown meaning. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
