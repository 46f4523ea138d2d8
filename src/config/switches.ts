/**
 * Words such as `off`, `no` or `yes` where a setting wants something else. YAML 1.2 reads them as texts, and so they
 * would become the name of a file, a cookie or a host. The schema says what each setting has instead of such a word.
 */
import type { SchemaNode } from './json-schema.ts'
import type { Words } from './notice.ts'
import { show } from './refusal.ts'

const off = new Set(['off', 'no', 'none', 'never', 'disable', 'disabled', 'false', 'null', 'nil', 'undefined', '~'])
const on = new Set(['on', 'yes', 'enable', 'enabled', 'true'])

/** Texts that are always names, of whatever form: these cannot be switched off. */
const names = new Set([
  '$schema',
  'routes[].to',
  'routes[].name',
  'pools.<name>.sticky.cookie',
  'pools.<name>.balance.hash.header',
  'pools.<name>.balance.hash.cookie',
  // A file that is not there is told by its name.
  'admin.token.file',
])

/** What to do where the form of a setting does not say it. */
const toSwitchOff: Readonly<Record<string, string>> = {
  name: 'did you mean none? Remove it: Headgate then makes one of its own',
  accessLog: "did you mean false? Write accessLog: false; a file of this name is written './off'",
  'accessLog.to': 'did you mean no log at all? Write accessLog: false',
  'accessLog.format': 'did you mean no log at all? Write accessLog: false',
  'accessLog.format.template': 'did you mean no log at all? Write accessLog: false',
  'admin.token': 'did you mean no token? Remove it; then only this machine may be listened to',
  'errorPages.<name>': 'did you mean the page that Headgate has? Remove it',
  retryAfter: "Retry-After cannot be left out; write a short time, such as '1s'",
  'listeners.<name>.whenFull': "did you mean no waiting? Write 'refuse'",
  'listeners.<name>.timeouts.keepAlive':
    "0 keeps idle clients for ever; to be rid of them soon write a short time: '1s'",
  'pools.<name>.idle.timeout': 'did you mean to keep no idle connections? Write idle: { max: 0 }',
  'pools.<name>.idle': 'did you mean to keep no idle connections? Write idle: { max: 0 }',
  'pools.<name>.balance': "remove it for 'round-robin'; a single server needs none",
  'pools.<name>.health.http': 'remove http, and write tcp: true to check by a connection alone',
  'pools.<name>.health.host': 'remove it: the check then names the address of the server',
  'routes[].host': 'did you mean any host? Remove it',
  'routes[].listeners': 'did you mean all listeners? Remove it',
  'routes[].cache.key.query.only': 'did you mean none of the query? Write query: false',
  'routes[].cache.setCookie': "write 'never-store'",
  'routes[].cache.requestDirectives': "did you mean that they do not count? Write 'ignore'",
  'routes[].cache.compress.encodings': 'did you mean no compression? Write compress: false',
}

/** What a free text is in a setting, for a sentence. */
const texts: Readonly<Record<string, string>> = {
  accessLog: 'the name of a file',
  'accessLog.to': 'the name of a file',
  'errorPages.<name>': 'the name of a file',
  'pools.<name>.sticky': 'the name of a cookie',
  'routes[].upgrade': 'the name of a protocol',
  'routes[].host': 'the name of a host',
}

const toSwitchOn: Readonly<Record<string, string>> = {
  accessLog: "write where it goes: accessLog: 'stdout', or the path of a file",
  'routes[].host': 'did you mean any host? Remove it',
}

/** Whether this is how people say that something is not wanted. */
export function isOff(value: unknown): boolean {
  return value === false || value === null || (typeof value === 'string' && off.has(value.toLowerCase()))
}

function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'string' && on.has(value.toLowerCase()))
}

/**
 * What to say of a value that is a switch where the setting has none of this word; null when it is none.
 * @param setting the path with `<name>` for names and `[]` for positions.
 * @param nodes the forms that the setting has, from the JSON Schema.
 */
export function switchWords(value: unknown, setting: string, nodes: readonly SchemaNode[]): Words | null {
  const wanted = isOff(value) ? 'off' : isOn(value) ? 'on' : null
  // In a list a word is a name; for none, leave out the list.
  if (wanted === null || nodes.length === 0 || names.has(setting) || setting.endsWith('[]')) return null
  if (nodes.some((node) => isKnownTo(node, value))) return null
  const fix = wanted === 'off' ? offFix(value, setting, nodes) : onFix(value, setting, nodes)
  return fix === null ? null : { says: `${show(value)} ${problemOf(value, setting, nodes)}`, fix }
}

function problemOf(value: unknown, setting: string, nodes: readonly SchemaNode[]): string {
  if (isFreeText(value, nodes)) return `would be taken as ${texts[setting] ?? 'a text like any other'}`
  if (typeof value === 'string' && nodes.some(isSwitch)) return 'is a text; only true and false are switches'
  return 'does not fit here'
}

function isSwitch({ type, const: only }: SchemaNode): boolean {
  return type === 'boolean' || only === false
}

/** Whether a form takes this very word. */
function isKnownTo(node: SchemaNode, value: unknown): boolean {
  return (
    node.const === value ||
    node.enum?.includes(value) === true ||
    (node.type === typeof value && typeof value === 'boolean')
  )
}

function offFix(value: unknown, setting: string, nodes: readonly SchemaNode[]): string | null {
  // A setting that the schema knows is called like nothing that every object has.
  const own = toSwitchOff[setting]
  if (own !== undefined) return own
  if (nodes.some(isSwitch)) return 'did you mean false? Write false'
  if (nodes.some((node) => node.enum?.includes('off'))) return "did you mean 'off'? Write 'off'"
  if (nodes.some((node) => node.const === 'unlimited')) return "did you mean no limit? Write 'unlimited'"
  if (nodes.some((node) => node.const === 0 || (node.type === 'integer' && node.minimum === 0))) return 'write 0'
  if (nodes.some(({ type }) => type === 'array')) return 'did you mean an empty list? Write []'
  if (isFreeText(value, nodes)) return 'did you mean none? Remove it'
  return nodes.some(({ type }) => type === 'object') ? 'did you mean the defaults? Remove it' : null
}

function onFix(value: unknown, setting: string, nodes: readonly SchemaNode[]): string | null {
  if (nodes.some(({ type }) => type === 'boolean')) return 'did you mean true? Write true'
  return toSwitchOn[setting] ?? (isFreeText(value, nodes) ? 'write what it is to be, or remove it' : null)
}

/** Whether the word would be taken as it is. */
function isFreeText(value: unknown, nodes: readonly SchemaNode[]): boolean {
  return (
    typeof value === 'string' &&
    nodes.some(
      ({ type, enum: words, pattern }) =>
        type === 'string' && words === undefined && (pattern === undefined || new RegExp(pattern).test(value)),
    )
  )
}
