/** From what was read to the one model: names resolved, files read, nothing left to look up. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve as resolvePath } from 'node:path'
import { checkPage, pagePlaceholders } from '../base/page-fields.ts'
import { resolveAdmin } from './admin-address.ts'
import { nearer } from './likely.ts'
import type { Config, PoolConfig, RouteConfig } from './model.ts'
import { UNLIMITED } from './model.ts'
import type { Notice } from './notice.ts'
import { noticeAt } from './notice.ts'
import type { Places } from './places.ts'
import type { ReadConfig } from './schema/index.ts'
import { route as routeSchema } from './schema/route.ts'

/** The process keeps its name over reloads, or requests under way would look like strangers to the loop detection. */
const ownName = `headgate-${randomBytes(4).toString('hex')}`

/**
 * Makes the model.
 * @param folder absolute path that relative paths start from.
 * @param notices gets what is wrong with the files the configuration names.
 */
export function resolve(read: ReadConfig, places: Places, folder: string, notices: Notice[]): Config {
  const own = read.name ?? ownName
  return {
    name: own,
    threads: read.threads ?? availableParallelism(),
    listeners: Object.entries(read.listeners).map(([name, listener]) => ({
      ...listener,
      name,
      via: viaOf(listener.via, own),
      trustedProxies: listener.trustedProxies.flat(),
    })),
    pools: Object.entries(read.pools).map(([name, pool]) => resolvePool(name, pool, own)),
    routes: resolveRoutes(read),
    cache: read.cache,
    admin: resolveAdmin(read.admin ?? null, places, folder, notices),
    accessLog: read.accessLog,
    proxyStatus: read.proxyStatus,
    retryAfter: read.retryAfter,
    errorPages: readPages(read.errorPages ?? {}, places, folder, notices),
    drain: read.drain,
    places: places.table(),
  }
}

function viaOf(via: boolean | string, own: string): string {
  return typeof via === 'string' ? via : via ? own : ''
}

/** `own`: our name. */
function resolvePool(name: string, pool: ReadConfig['pools'][string], own: string): PoolConfig {
  return {
    ...pool,
    name,
    via: viaOf(pool.via, own),
    servers: pool.servers.map(({ address, maxConnections, weight, backup }) => ({
      ...address,
      maxConnections: maxConnections ?? UNLIMITED,
      weight,
      backup,
    })),
    maxConnections: pool.maxConnections ?? UNLIMITED,
    sticky: pool.sticky ?? null,
    health: pool.health ? healthOf(pool.health) : null,
  }
}

function healthOf(health: NonNullable<ReadConfig['pools'][string]['health']>): PoolConfig['health'] {
  const { http, interval, timeout, rise, fall, expect, host } = health
  return { http: http ?? null, interval, timeout, rise, fall, expect, host }
}

function resolveRoutes(read: ReadConfig): RouteConfig[] {
  // Without routes there is one pool (see references.ts), and it gets everything.
  const routes = read.routes ?? Object.keys(read.pools).map((to) => routeSchema.parse({ to }))
  return routes.map((route, index) => ({
    name: route.name ?? `routes[${index}]`,
    // A star among other hosts makes the others needless.
    hosts: route.host === undefined || route.host.includes('*') ? [] : route.host,
    path: route.path,
    listeners: route.listeners ?? [],
    to: route.to,
    maxConnections: route.maxConnections ?? UNLIMITED,
    queue: route.queue,
    compress: route.compress,
    cache: cacheOf(route.cache, route.compress),
    connect: route.connect,
    upgrade: route.upgrade,
  }))
}

/** `compress` of its route: a route that compresses answers compresses stored ones, too. */
function cacheOf(
  read: NonNullable<ReadConfig['routes']>[number]['cache'],
  compress: RouteConfig['compress'],
): RouteConfig['cache'] {
  if (read === null) return null
  return {
    ...read,
    ttl: read.ttl ?? [],
    compress: read.compress === undefined ? compress : read.compress,
    // Pressure never shortens what is given without it.
    graceUnderPressure: Math.max(read.grace, read.graceUnderPressure),
    purge: read.purge.flat(),
  }
}

function readPages(
  pages: Readonly<Record<string, string | undefined>>,
  places: Places,
  folder: string,
  notices: Notice[],
): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [key, file] of Object.entries(pages)) {
    if (file === undefined) continue
    const path = ['errorPages', key]
    const whole = resolvePath(folder, file)
    try {
      texts[key] = readFileSync(whole, 'utf8')
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error)
      const words = {
        says: `the file ${whole} cannot be read (${code})`,
        expected: 'an HTML file',
        fix: 'correct the path; it is relative to this file',
      }
      notices.push(noticeAt(places, path, 'value', 'file-missing', words))
      continue
    }
    for (const problem of checkPage(texts[key])) {
      const { says, fix } = nearer(problem, Object.keys(pagePlaceholders), (name) => `{{${name}}}`)
      const line = texts[key].slice(0, problem.at).split('\n').length
      notices.push(noticeAt(places, path, 'value', 'unknown-field', { says: `${says} (${whole}, line ${line})`, fix }))
    }
  }
  return texts
}
