/**
 * What one setting says of another: routes name pools and listeners, servers and addresses must not be there twice.
 * Looks at what was written, not at what was read, so that these faults are told together with those of form.
 */
import { addressText, readBind, readServer } from './address.ts'
import { defaults } from './defaults.ts'
import { likely } from './likely.ts'
import type { Address } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeAt } from './notice.ts'
import { overlaps } from './overlap.ts'
import type { Path, Places } from './places.ts'
import { pathText } from './places.ts'
import { either, Refusal, show } from './refusal.ts'
import { route } from './schema/route.ts'
import { namePattern } from './schema/scalars.ts'

type Fields = Readonly<Record<string, unknown>>

/** Faults in what `written` says of itself. Never throws, whatever is written. */
export function checkReferences(written: unknown, places: Places): Notice[] {
  const notices: Notice[] = []
  const top = fields(written)
  const listeners = fields(top.listeners)
  const pools = fields(top.pools)
  if (isFields(top.listeners) && Object.keys(listeners).length === 0) {
    const fix = "write listeners: { web: { bind: ':8080' } }"
    notices.push(noticeAt(places, ['listeners'], 'key', 'no-listeners', { says: 'there is no listener', fix }))
  }
  if (isFields(top.pools) && Object.keys(pools).length === 0) {
    const fix = "write pools: { app: { servers: ['127.0.0.1:3000'] } }"
    notices.push(noticeAt(places, ['pools'], 'key', 'no-pools', { says: 'there is no pool', fix }))
  }
  for (const kind of ['listeners', 'pools'] as const) {
    for (const name of Object.keys(fields(top[kind]))) notices.push(...checkName([kind, name], places))
  }
  notices.push(...checkBinds(listeners, places), ...checkAdmin(top.admin, listeners, places))
  for (const [name, pool] of Object.entries(pools)) notices.push(...checkServers(name, fields(pool), places))
  notices.push(...checkRoutes(top, Object.keys(listeners), Object.keys(pools), places))
  return notices
}

function checkName(path: Path, places: Places): Notice[] {
  const name = String(path.at(-1))
  if (namePattern.test(name)) return []
  const expected = 'letters, digits, dots, dashes and underscores, at most 64'
  const better = name
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 64)
  const words = { says: `${show(name)} cannot be a name`, expected, fix: `write '${better || 'name'}'` }
  return [noticeAt(places, path, 'key', 'bad-name', words)]
}

function checkBinds(listeners: Fields, places: Places): Notice[] {
  const notices: Notice[] = []
  const seen: { readonly address: Address; readonly text: string; readonly path: Path }[] = []
  for (const [name, listener] of Object.entries(listeners)) {
    const { bind } = fields(listener)
    const many = Array.isArray(bind)
    for (const [index, one] of (many ? bind : [bind]).entries()) {
      const address = readBind(one)
      if (address instanceof Refusal) continue
      const path: Path = ['listeners', name, 'bind', ...(many ? [index] : [])]
      const first = seen.find((other) => overlaps(other.address, address))
      seen.push({ address, text: show(one), path })
      if (first === undefined) continue
      const there = placeText(first.path, places)
      const same = addressText(first.address) === addressText(address)
      const words = same
        ? {
            says: `${show(one)} is bound twice: ${there} has it already`,
            fix: 'remove one of the two, or change its port',
          }
        : {
            says: `${show(one)} overlaps ${first.text} of ${there}: clients of the one would come to the other`,
            fix: 'remove one of the two, change its port, or bind each to an address of its own',
          }
      notices.push(noticeAt(places, path, 'value', 'duplicate-bind', words))
    }
  }
  return notices
}

/** A setting with its line, where that is known. */
function placeText(path: Path, places: Places): string {
  const { file, line } = places.of(path, 'value')
  return `${pathText(path)}${line > 0 ? ` at ${file}:${line}` : ''}`
}

/** An admin API that was written of, if only by `true`, must be had. */
function checkAdmin(admin: unknown, listeners: Fields, places: Places): Notice[] {
  if (admin === undefined || admin === null || admin === false) return []
  const written = isFields(admin) ? admin.bind : admin === true ? undefined : admin
  const own = readBind(written ?? defaults.admin.bind)
  if (own instanceof Refusal) return []
  for (const [name, listener] of Object.entries(listeners)) {
    const { bind } = fields(listener)
    for (const [index, one] of (Array.isArray(bind) ? bind : [bind]).entries()) {
      const address = readBind(one)
      if (address instanceof Refusal || !overlaps(own, address)) continue
      const path: Path = ['listeners', name, 'bind', ...(Array.isArray(bind) ? [index] : [])]
      const words = {
        says: `${addressText(own)} is taken: ${placeText(path, places)} has ${show(one)}`,
        fix: `bind the admin API to another port, such as '${defaults.admin.bind}'`,
      }
      const where = isFields(admin) && admin.bind !== undefined ? ['admin', 'bind'] : ['admin']
      return [noticeAt(places, where, 'value', 'admin-bind-taken', words)]
    }
  }
  return []
}

function checkServers(pool: string, { servers }: Fields, places: Places): Notice[] {
  if (!Array.isArray(servers)) return []
  if (servers.length === 0) {
    const words = { says: `pool ${pool} has no server`, fix: "write at least one: servers: ['127.0.0.1:3000']" }
    return [noticeAt(places, ['pools', pool, 'servers'], 'key', 'no-servers', words)]
  }
  const notices: Notice[] = []
  const seen = new Map<string, number>()
  for (const [index, server] of servers.entries()) {
    const read = readServer(isFields(server) ? server.address : server)
    if (read instanceof Refusal) continue
    const first = seen.get(read.name)
    if (first === undefined) {
      seen.set(read.name, index)
      continue
    }
    const words = {
      says: `${read.name} is already in this pool, as servers[${first}]`,
      fix: 'remove it; to give a server more, raise its maxConnections and weight',
    }
    notices.push(noticeAt(places, ['pools', pool, 'servers', index], 'value', 'duplicate-server', words))
  }
  return notices
}

function checkRoutes(top: Fields, listeners: readonly string[], pools: readonly string[], places: Places): Notice[] {
  if (top.routes === undefined) {
    if (pools.length < 2) return []
    const says = `there are ${pools.length} pools and no routes to say which gets what`
    const fix = `add routes: [{ to: '${pools[0]}' }]`
    return [noticeAt(places, ['routes'], 'key', 'missing', { says, fix })]
  }
  if (!Array.isArray(top.routes)) return []
  const notices: Notice[] = []
  const matches = new Map<string, number>()
  const names = new Map<string, number>()
  for (const [index, one] of top.routes.entries()) {
    if (!isFields(one)) continue
    const path: Path = ['routes', index]
    if (typeof one.to === 'string' && one.to !== '' && !pools.includes(one.to))
      notices.push(unknown('pool', one.to, pools, [...path, 'to'], places))
    const named = Array.isArray(one.listeners) ? one.listeners : [one.listeners]
    for (const [at, name] of named.entries()) {
      if (typeof name !== 'string' || listeners.includes(name)) continue
      const where = [...path, 'listeners', ...(Array.isArray(one.listeners) ? [at] : [])]
      notices.push(unknown('listener', name, listeners, where, places))
    }
    const odd = Object.keys(one).filter((key) => !routeKeys.includes(key))
    const match = JSON.stringify([
      texts(one.host)
        .map((host) => host.toLowerCase())
        .sort(),
      pathOf(one.path),
      texts(one.listeners).sort(),
      odd,
    ])
    const first = matches.get(match)
    if (first === undefined) matches.set(match, index)
    else {
      const words = {
        says: `routes[${first}] matches exactly the same requests`,
        fix: 'remove one of the two, or change its host or path',
      }
      notices.push(noticeAt(places, path, 'value', 'duplicate-route', words))
    }
    if (typeof one.name !== 'string') continue
    const other = names.get(one.name)
    if (other === undefined) names.set(one.name, index)
    else {
      const words = {
        says: `routes[${other}] is called ${show(one.name)} already`,
        fix: 'give one of the two another name',
      }
      notices.push(noticeAt(places, [...path, 'name'], 'value', 'duplicate-name', words))
    }
  }
  return notices
}

function unknown(
  what: 'pool' | 'listener',
  name: string,
  known: readonly string[],
  path: Path,
  places: Places,
): Notice {
  const near = likely(name, known) ?? (known.length === 1 ? known[0]! : null)
  const expected = known.length === 0 ? `a ${what}` : either(known.map((one) => `'${one}'`))
  const fix = near === null ? `write the name of a ${what}, or add it to ${what}s` : `did you mean '${near}'?`
  return noticeAt(places, path, 'value', `unknown-${what}`, {
    says: `there is no ${what} ${show(name)}`,
    expected,
    fix,
  })
}

/** Settings of a route; one that is misspelt may be what tells two routes apart. */
const routeKeys = Object.keys(route.shape)

/** The texts of a setting that is one or a list. */
function texts(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value]
  return all.filter((one) => typeof one === 'string')
}

function pathOf(path: unknown): string {
  if (typeof path !== 'string') return '/'
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}
