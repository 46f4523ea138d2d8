/**
 * Shorthand that people write because another proxy has it or because it would be natural: a number for a queue, a time
 * for a cache, `true` for a check. Each gets the form that this configuration has for it.
 */
import { readDuration, readSize } from './quantity.ts'
import { Refusal } from './refusal.ts'
import { isOff } from './switches.ts'

/** What to write instead; null when nothing is known about the value. */
type Remedy = (value: unknown) => string | null

const isNumber = (value: unknown): value is number => typeof value === 'number'
const isText = (value: unknown): value is string => typeof value === 'string'
const isTime = (value: unknown): value is string => isText(value) && !(readDuration(value) instanceof Refusal)
const isBytes = (value: unknown): value is string => isText(value) && !(readSize(value) instanceof Refusal)
/** One text, or a list of them. */
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).filter(isText)
const list = (texts: readonly string[]): string => `[${texts.map((text) => `'${text}'`).join(', ')}]`

const queue: Remedy = (value) => {
  if (isOff(value) || value === 0) return 'write queue: { max: 0 }, or remove it'
  if (isNumber(value)) return `write queue: { max: ${value} }`
  if (isTime(value)) return `write queue: { max: 100, timeout: '${value}' }`
  return value === true || isText(value)
    ? "write how many may wait, and how long: queue: { max: 100, timeout: '2s' }"
    : null
}

const health: Remedy = (value) => {
  if (isOff(value)) return null
  const path = isText(value) ? /^(?:https?:\/\/[^/]*)?(\/.*)$/.exec(value)?.[1] : undefined
  if (path !== undefined) return `write health: { http: '${path}' }`
  if (isTime(value)) return `write health: { tcp: true, interval: '${value}' }`
  return value === true || isText(value)
    ? "write health: { tcp: true } to try a connection, or health: { http: '/healthz' } to ask for a page"
    : null
}

/** How balancing is called elsewhere where one word is not enough here. */
const hashes: Readonly<Record<string, string>> = {
  iphash: "'address'",
  source: "'address'",
  hash: "'address'",
  consistent: "'address'",
  consistenthash: "'address'",
  ringhash: "'address'",
  maglev: "'address'",
  uri: "'path'",
  url: "'path'",
  urihash: "'path'",
  header: "{ header: 'x-user' }",
  hdr: "{ header: 'x-user' }",
  cookie: "{ cookie: 'session' }",
}

const balance: Remedy = (value) => {
  if (!isText(value)) return value === true ? "write 'round-robin', or remove it" : null
  const plain = value.toLowerCase().replace(/[^a-z]/g, '')
  const on = Object.hasOwn(hashes, plain) ? hashes[plain] : undefined
  if (on !== undefined) return `write balance: { hash: ${on} }`
  return /^weighted/.test(plain) ? "write 'round-robin'; it goes by the weight of each server" : null
}

const remedies: Readonly<Record<string, Remedy>> = {
  listeners: (value) =>
    isText(value) || isNumber(value) || Array.isArray(value)
      ? `give it a name: listeners: { web: { bind: ${isText(value) ? `'${value}'` : isNumber(value) ? `':${value}'` : "':8080'"} } }`
      : null,
  'listeners.<name>': (value) =>
    isText(value) ? `write { bind: '${value}' }` : isNumber(value) ? `write { bind: ':${value}' }` : null,
  'listeners.<name>.whenFull': (value) => {
    if (isNumber(value)) return `write whenFull: { max: ${value} }`
    if (isTime(value)) return `write whenFull: { timeout: '${value}' }`
    return value === true ? "write whenFull: 'wait'" : null
  },
  'listeners.<name>.timeouts': (value) =>
    isTime(value) ? `say which: timeouts: { header: '${value}', body: '${value}', send: '${value}' }` : null,
  'listeners.<name>.limits': (value) => (isBytes(value) ? `say which: limits: { body: '${value}' }` : null),
  'listeners.<name>.trustedProxies': (value) => (isText(value) && !isOff(value) ? `write a list: ['${value}']` : null),
  pools: (value) =>
    isText(value) || Array.isArray(value)
      ? `give it a name: pools: { app: { servers: ${textsOf(value).length > 0 ? list(textsOf(value)) : "['127.0.0.1:3000']"} } }`
      : null,
  'pools.<name>': (value) => (textsOf(value).length > 0 ? `write { servers: ${list(textsOf(value))} }` : null),
  'pools.<name>.servers': (value) => (isText(value) ? `write a list: ['${value}']` : null),
  'pools.<name>.balance': balance,
  'pools.<name>.health': health,
  'pools.<name>.idle': (value) => {
    if (isTime(value)) return `write idle: { timeout: '${value}' }`
    return isNumber(value) ? `write idle: { max: ${value} }` : null
  },
  'pools.<name>.queue': queue,
  'pools.<name>.sticky': (value) =>
    value === true || (isText(value) && /^(on|yes|true|enabled?)$/i.test(value))
      ? "write the name of a cookie that Headgate is to set: sticky: 'server'"
      : null,
  'pools.<name>.streams': (value) => (isNumber(value) ? `write streams: { max: ${value} }` : null),
  'pools.<name>.timeouts': (value) => (isTime(value) ? `say which: timeouts: { firstByte: '${value}' }` : null),
  routes: (value) => {
    if (isText(value)) return `write a list: routes: [{ to: '${value}' }]`
    const isList = Array.isArray(value) || typeof value !== 'object' || value === null
    return isList ? null : "write a list: routes: [{ path: '/', to: 'app' }]"
  },
  'routes[]': (value) => (isText(value) ? `write { to: '${value}' }` : null),
  'routes[].host': (value) => (isText(value) && /^(any|all)$/i.test(value) ? 'remove it for any host' : null),
  'routes[].listeners': (value) =>
    isText(value) && /^(any|all|\*)$/i.test(value) ? 'remove it for all listeners' : null,
  'routes[].queue': queue,
  'routes[].cache': (value) => {
    const time = isTime(value) ? value : isNumber(value) && value > 0 ? `${value}s` : null
    if (time === null) return null
    return `write cache: { defaultTtl: '${time}' } for answers that do not say how long they are fresh, or cache: { ttl: '${time}' } for all whatever they say`
  },
  'routes[].cache.bypass': (value) => {
    const texts = isOff(value) ? [] : textsOf(value)
    const paths = texts.filter((text) => text.startsWith('/'))
    const cookies = texts.filter((text) => !text.startsWith('/'))
    const parts = [
      ...(paths.length > 0 ? [`paths: ${list(paths)}`] : []),
      ...(cookies.length > 0 ? [`cookies: ${list(cookies)}`] : []),
    ]
    return parts.length === 0 ? null : `write bypass: { ${parts.join(', ')} }`
  },
  'routes[].cache.key.query': (value) => {
    const texts = isOff(value) ? [] : textsOf(value)
    return texts.length > 0 ? `write query: { only: ${list(texts)} }` : null
  },
  'routes[].cache.coalesce': (value) => {
    if (isTime(value)) return `write coalesce: { timeout: '${value}' }`
    return isNumber(value) ? `write coalesce: { max: ${value} }` : null
  },
  'routes[].cache.compress': (value) => {
    const codings = textsOf(value).filter((text) => /^(gzip|br|zstd)$/.test(text))
    return codings.length > 0 ? `write compress: { encodings: ${list(codings)} }` : null
  },
  'routes[].cache.purge': (value) => (isText(value) && !isOff(value) ? `write a list: ['${value}']` : null),
  cache: (value) => {
    if (isBytes(value)) return `write cache: { size: '${value}' }, and cache: true at each route that caches`
    return value === true || isTime(value)
      ? 'write it at a route: routes: [{ to: …, cache: true }]; here stands the size of the store'
      : null
  },
  // Names of formats would be taken as files of this name.
  accessLog: (value) => {
    if (isText(value) && /^(json|common|combined)$/.test(value))
      return `write accessLog: { format: '${value}' }; a file of this name is written './${value}'`
    return value === '-' || value === 'console' ? "write accessLog: 'stdout'" : null
  },
  errorPages: (value) => (isText(value) && !isOff(value) ? `write errorPages: { default: '${value}' }` : null),
  threads: (value) => (value === 'auto' ? 'remove it for as many as the machine has cores' : null),
  ignore: (value) => (isText(value) && !isOff(value) ? `write a list: ['${value}']` : null),
}

/** What to write for a value in the form of some shorthand; `setting` as in switches.ts. */
export function shorthandFix(value: unknown, setting: string): string | null {
  // A key may be called as something that every object has.
  return Object.hasOwn(remedies, setting) ? remedies[setting]!(value) : null
}
