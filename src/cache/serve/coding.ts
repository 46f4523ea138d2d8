/**
 * Content codings of stored responses (RFC 9110 §8.4): which one a client takes, which responses are worth one, and how
 * a head changes with it.
 *
 * A coded response is another representation, so its entity tag cannot be the strong one of what it was made from
 * (§8.8.3.3). It gets the same tag as a weak one: the meaning is the same, the bytes are not promised, as a later
 * version of the compressor may make other ones. Since If-None-Match compares weakly, either form finds either response.
 * Parts of it cannot be put together with a weak tag (§15.3.7.3), so ranges are of the response as it was stored.
 */
import type { CompressConfig } from '../../config/model.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { type Edits, type FieldLine, FieldName, fieldLine } from '../../wire/http/edits.ts'
import { isWeakTag, parseEntityTags } from '../../wire/http/entity-tag.ts'
import { eachLine, withoutLines } from '../../wire/http/field-lines.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { readTargeted } from '../../wire/http/targeted.ts'
import { listHas } from '../../wire/http1/connection.ts'
import type { StoredText } from '../object/stored-object.ts'
import type { Conditions } from './condition.ts'

/** What a route says of compression. */
export type CodingSettings = CompressConfig

/** A coding by its name in Content-Encoding. */
export type Coding = CodingSettings['encodings'][number]

/** All of them. */
export const CODINGS: readonly Coding[] = ['zstd', 'br', 'gzip']

const qvalue = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/**
 * The coding that a client likes best among those offered; of several it likes the same, the one offered first. Null:
 * it takes none, or says that it would rather have none. A field that is missing allows any coding (§12.5.3), but those
 * that send none are mostly programs that cannot undo one.
 * @param accept all Accept-Encoding fields as one list, null where there is none
 */
export function codingFor(accept: string | null, offered: readonly Coding[]): Coding | null {
  if (accept === null) return null
  const weights = weightsOf(accept)
  const star = weights.get('*') ?? 0
  let best: Coding | null = null
  // Without a word about it the stored form is acceptable, but no client prefers a longer one.
  let most = weights.get('identity') ?? 0
  for (const coding of offered) {
    const weight = weights.get(coding) ?? star
    if (weight === 0 || (best === null ? weight < most : weight <= most)) continue
    best = coding
    most = weight
  }
  return best
}

/** Weights in thousandths by lower-case name. A member that cannot be read is as if it were refused. */
function weightsOf(accept: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of accept.toLowerCase().split(',')) {
    const [written = '', ...parameters] = member.split(';').map((part) => part.trim())
    if (written === '') continue
    // §8.4.1.3: the older name of the same.
    const name = written === 'x-gzip' ? 'gzip' : written
    const q = parameters.length === 0 ? '1' : /^q=(.*)$/.exec(parameters[0]!)?.[1]
    const weight = parameters.length < 2 && q !== undefined && qvalue.test(q) ? Math.round(Number(q) * 1000) : 0
    if (!weights.has(name)) weights.set(name, weight)
  }
  return weights
}

/** Fields with a digest of the content or the representation, which a coding would make wrong (RFC 9530 §2, §3). */
const DIGESTS: ReadonlySet<string> = new Set(['content-digest', 'repr-digest', 'digest', 'content-md5'])

/**
 * Whether a stored response may be coded: a 200 of a type that is worth it and long enough, as its server sent it, which
 * neither codes it nor forbids to change it (no-transform, RFC 9110 §7.7) nor tells its digest.
 * @param length bytes of the content; -1: not known yet
 * @param targeted the fields that the route goes by instead of Cache-Control, in lower case: the first of them that can
 * be read may forbid it too (RFC 9213 §2.2)
 */
export function mayCode(
  stored: Pick<StoredText, 'status' | 'fields'>,
  length: number,
  settings: CodingSettings,
  targeted: readonly string[],
): boolean {
  if (stored.status !== 200 || length === 0 || (length > 0 && length < settings.min)) return false
  let type = ''
  let barred = false
  let aimed = false
  eachLine(stored.fields, (name, from, to) => {
    if (name === 'content-type') type ||= valueAt(stored.fields, name, from, to)
    else if (name === 'cache-control') {
      const value = valueAt(stored.fields, name, from, to)
      barred ||= listHas(value, 0, value.length, 'no-transform')
    } else if (targeted.includes(name)) aimed = true
    else barred ||= name === 'content-encoding' || name === 'content-range' || DIGESTS.has(name)
  })
  if (barred || type === '' || (aimed && targetedBars(stored.fields, targeted))) return false
  const semicolon = type.indexOf(';')
  const media = (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase()
  // Each event is to arrive when it is sent, and a stream that lives for hours would hold its coder as long.
  const wide = media !== 'text/event-stream'
  return settings.types.some((one) => (one.endsWith('/*') ? wide && media.startsWith(one.slice(0, -1)) : media === one))
}

const control = new CacheControl()

/** Whether the first of these fields that can be read has no-transform. */
function targetedBars(fields: string, targeted: readonly string[]): boolean {
  for (const wanted of targeted) {
    const values: string[] = []
    eachLine(fields, (name, from, to) => {
      if (name === wanted) values.push(valueAt(fields, name, from, to))
    })
    if (values.length > 0 && readTargeted(control, values.join(', '))) return control.noTransform
  }
  return false
}

function valueAt(lines: string, name: string, from: number, to: number): string {
  return lines.slice(from + name.length + 1, to).trim()
}

/** The head of a response of which there are coded forms: its Vary names Accept-Encoding, in each of the forms (§12.5.5). */
export function withVary<T extends { readonly fields: string }>(stored: T): T {
  let named = false
  eachLine(stored.fields, (name, from, to) => {
    if (name !== 'vary' || named) return
    const value = valueAt(stored.fields, name, from, to).toLowerCase()
    named = listHas(value, 0, value.length, 'accept-encoding') || listHas(value, 0, value.length, '*')
  })
  return named ? stored : { ...stored, fields: stored.fields + VARY_BY_CODING.text }
}

const TAG: ReadonlySet<string> = new Set(['etag'])
const RANGES: ReadonlySet<string> = new Set(['accept-ranges'])

/** The same head with a weak entity tag, if it has one. */
export function withWeakTag(stored: StoredText): StoredText {
  if (stored.etag === '' || isWeakTag(stored.etag)) return stored
  const etag = `W/${stored.etag}`
  return { ...stored, etag, fields: withoutLines(stored.fields, TAG) + ETAG.line(etag).text }
}

/** The head of the coded form. It offers no ranges. */
export function codedHead(stored: StoredText, coding: Coding): StoredText {
  const weak = withWeakTag(stored)
  return { ...weak, fields: withoutLines(weak.fields, RANGES) + CODED[coding].text }
}

const ETAG = new FieldName('ETag')
const CONTENT_ENCODING = new FieldName('Content-Encoding')
/** Prebuilt, as there are few. */
export const CODED: { readonly [C in Coding]: FieldLine } = {
  zstd: CONTENT_ENCODING.line('zstd'),
  br: CONTENT_ENCODING.line('br'),
  gzip: CONTENT_ENCODING.line('gzip'),
}
export const VARY_BY_CODING: FieldLine = fieldLine('Vary', 'Accept-Encoding')

/** The line of the weak form of a strong entity tag. */
export function weakTagLine(etag: string): FieldLine {
  return ETAG.line(`W/${etag}`)
}

/** Key of the coded form of what lies under `key`. It begins with that key, so that orders to remove concern both. */
export function codedKey(key: string, coding: Coding): string {
  return `${key}\n\ne ${coding}`
}

/**
 * The conditions of a client that takes a coding. If it names a date in If-Range, its part may be of the coded form,
 * which has the same date, and must not be put together with one of the stored form: it gets all.
 */
export function withoutDatedRange(conditions: Conditions | null): Conditions | null {
  const { range = null, ifRange = null } = conditions ?? {}
  if (conditions === null || range === null || ifRange === null || !isDate(ifRange)) return conditions
  return { ...conditions, range: null }
}

/** The same of a request that goes to a server with these edits: whether it asks for a part of what it names by a date. */
export function hasDatedRange(head: RequestHead, edits: Edits): boolean {
  if (!edits.has(head, Field.range) || !edits.passes(Field.ifRange)) return false
  const ifRange = head.get(Field.ifRange)
  return ifRange !== null && isDate(ifRange)
}

function isDate(ifRange: string): boolean {
  return !/^(?:W\/)?"/.test(ifRange)
}

/**
 * The strong forms of the weak tags in If-None-Match, as a list; '' where there are none, or the value is no list of
 * tags. What was coded here has a weak tag, and its server may know the strong one alone.
 */
export function strongForms(ifNoneMatch: string): string {
  const tags = ifNoneMatch.includes('W/') ? parseEntityTags(ifNoneMatch) : null
  if (tags === null || tags === '*') return ''
  const strong = tags.filter(isWeakTag).map((tag) => tag.slice(2))
  return strong.filter((tag) => !tags.includes(tag)).join(', ')
}
