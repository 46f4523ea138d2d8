/**
 * The field names that Headgate knows, by number. A name is found while its line is scanned, from the bytes, by a
 * perfect hash that is checked when this module is loaded; no string is made for it.
 */

/** Numbers of known fields; `other` is every name that is not listed. Numbers below 32 also fit into Head's bit masks. */
export const Field = {
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  te: 5,
  trailer: 6,
  upgrade: 7,
  expect: 8,
  keepAlive: 9,
  proxyConnection: 10,
  proxyAuthenticate: 11,
  proxyAuthorization: 12,
  proxyAuthenticationInfo: 13,
  via: 14,
  forwarded: 15,
  xForwardedFor: 16,
  xForwardedProto: 17,
  xForwardedHost: 18,
  xForwardedPort: 19,
  cookie: 20,
  setCookie: 21,
  date: 22,
  xRealIp: 23,
  maxForwards: 24,
  authorization: 25,
  userAgent: 26,
  http2Settings: 27,
  contentType: 28,
  cacheControl: 29,
  age: 30,
  proxy: 31,
  etag: 32,
  lastModified: 33,
  expires: 34,
  vary: 35,
  pragma: 36,
  range: 37,
  ifMatch: 38,
  ifNoneMatch: 39,
  ifModifiedSince: 40,
  ifUnmodifiedSince: 41,
  ifRange: 42,
  acceptEncoding: 43,
  acceptLanguage: 44,
  contentEncoding: 45,
  contentRange: 46,
  location: 47,
  retryAfter: 48,
  accept: 49,
  referer: 50,
  surrogateControl: 51,
  cdnCacheControl: 52,
  wwwAuthenticate: 53,
  origin: 54,
  acceptRanges: 55,
  server: 56,
  strictTransportSecurity: 57,
  surrogateCapability: 58,
  cdnLoop: 59,
  proxyStatus: 60,
} as const

/** Number of a field in `Field`. */
export type FieldId = (typeof Field)[keyof typeof Field]

/** Lower-case name of each field by its number; '' for `other`. */
export const fieldNames: readonly string[] = Object.keys(Field).map((key) =>
  key === 'other'
    ? ''
    : key.replace(/[A-Z0-9]/g, (letter) => (/\d/.test(letter) ? letter : `-${letter.toLowerCase()}`)),
)

const SLOTS = 256
/** Bytes of the longest known name. */
export const LONGEST_NAME = fieldNames.reduce((longest, name) => Math.max(longest, name.length), 0)
/** Field number by hash. */
const slots = new Uint8Array(SLOTS)
const lengths = new Uint8Array(fieldNames.length)
/** Groups of four bytes per name. */
const GROUPS = (LONGEST_NAME + 3) >> 2
/** The names, four bytes in a number as they lie in memory (little endian), one row of GROUPS for each field. */
const rows = new Int32Array(fieldNames.length * GROUPS)
/** 0x20 for each letter: with it, both cases are the same. Other bytes have to match exactly. */
const cases = new Int32Array(fieldNames.length * GROUPS)
/** 0xff for each byte that belongs to the name. */
const belongs = new Int32Array(fieldNames.length * GROUPS)

/** Takes four features that tell all known names apart. `| 0x20` maps no other token character onto a letter or '-'. */
function hash(length: number, first: number, middle: number, lastButOne: number): number {
  return (length * 127 + (first | 0x20) * 27 + (lastButOne | 0x20) * 6 + (middle | 0x20) * 163) & (SLOTS - 1)
}

for (let id = 1; id < fieldNames.length; id++) {
  const name = fieldNames[id]!
  const length = name.length
  const slot = hash(length, name.charCodeAt(0), name.charCodeAt(length >> 1), name.charCodeAt(length - 2))
  if (slots[slot] !== 0)
    throw new Error(`fields.ts: ${name} and ${fieldNames[slots[slot]!]} share a hash; find new factors`)
  slots[slot] = id
  lengths[id] = length
  for (let i = 0; i < length; i++) {
    const group = id * GROUPS + (i >> 2)
    const shift = (i & 3) * 8
    const code = name.charCodeAt(i)
    rows[group]! |= code << shift
    if (code >= 0x61) cases[group]! |= 0x20 << shift
    belongs[group]! |= 0xff << shift
  }
}

/**
 * Number of the field whose name is buf[from, to), in any case; 0: no known one, whatever bytes these are.
 * @param view of the same bytes; the three bytes behind the name have to be there
 */
export function fieldIdOf(buf: Uint8Array, view: DataView, from: number, to: number): FieldId {
  const length = to - from
  if (length < 2) return 0
  const id = slots[hash(length, buf[from]!, buf[from + (length >> 1)]!, buf[to - 2]!)]!
  if (lengths[id] !== length) return 0
  for (let group = id * GROUPS, i = from; i < to; i += 4, group++)
    if (((view.getInt32(i, true) & belongs[group]!) | cases[group]!) !== rows[group]!) return 0
  return id as FieldId
}

/**
 * Whether the name is a known one with '_' for '-'. CGI, WSGI and PHP cannot tell the two apart, so `X_Forwarded_For` or
 * `Transfer_Encoding` would undo what is done with the field of that name here.
 */
export function isAlias(lowerName: string): boolean {
  return lowerName.includes('_') && fieldNames.includes(lowerName.replaceAll('_', '-'))
}
