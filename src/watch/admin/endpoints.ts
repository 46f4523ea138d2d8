/** The table of what the admin API serves. The server goes by it, and the OpenAPI document is made from it. */
import type { z } from 'zod'
import { BanError, parseBan } from '../../cache/purge/ban.ts'
import { likely } from '../../config/likely.ts'
import { readLiveLimit } from '../../config/live-limit.ts'
import { Refusal } from '../../config/refusal.ts'
import * as form from './answers.ts'
import type { CacheControl, Removal } from './cache-control-port.ts'
import type { Asked, Endpoint } from './endpoint-row.ts'
import type { GatePort } from './gate-port.ts'
import { incidentAnswer, incidentOf } from './incident-answer.ts'
import { limitsOf } from './limit-answer.ts'
import { openapiDocument } from './openapi.ts'
import { Problem, type ProblemName } from './problem.ts'

export type { Asked, Endpoint } from './endpoint-row.ts'

/** Ties the types of a row together; the table itself need not know them. */
function endpoint<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(row: {
  readonly method: Endpoint['method']
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly query?: Q
  readonly body?: B
  readonly answer: A
  readonly problems?: readonly ProblemName[]
  readonly serve: (port: GatePort, asked: Asked<z.output<Q>, z.output<B>>) => z.input<A> | Promise<z.input<A>>
}): Endpoint {
  return { ...row, query: row.query ?? null, body: row.body ?? null, problems: row.problems ?? [] }
}

/** What to do about servers that are full. */
const WAIT = 'wait until they have room, or insist with force: true'
/** What a purge that was softened could not know of all that it means. */
const GONE =
  'what may never be used stale (s-maxage, must-revalidate, proxy-revalidate) is as good as gone: it is asked for again'
/** Routes that are named in one sentence. */
const MOST_NAMED = 5

export const endpoints: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/openapi.json',
    id: 'openapi',
    summary: 'This document',
    answer: form.openapiAnswer,
    serve: ({ version }) => openapiDocument(endpoints, version),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/status',
    id: 'status',
    summary: 'What is in use, who waits, and what has ended badly',
    answer: form.statusAnswer,
    serve: statusOf,
  }),
  endpoint({
    method: 'GET',
    path: '/v1/limits',
    id: 'limits',
    summary: 'Every limit that can be changed while running',
    answer: form.limitsAnswer,
    serve: limitsNow,
  }),
  endpoint({
    method: 'PATCH',
    path: '/v1/limits',
    id: 'setLimits',
    summary:
      'Change limits, in effect on all threads when this is answered; lowering one ends nothing that is under way',
    body: form.limitsBody,
    answer: form.limitsAnswer,
    problems: ['unknown-limit'],
    serve: (port, { body }) => {
      const known = limitsNow(port).limits.map(({ path }) => path)
      for (const path of Object.keys(body)) {
        if (known.includes(path)) continue
        const near = likely(path, known)
        const fix = near === null ? 'GET /v1/limits names them all' : `did you mean ${near}?`
        throw new Problem('unknown-limit', `there is no limit ${path} that can be changed while running`, fix, path)
      }
      const values = Object.entries(body).map(([path, value]) => [path, readLiveLimit(path, value)] as const)
      for (const [path, value] of values)
        if (value instanceof Refusal) throw new Problem('bad-request', `${path}: ${value.says}`, value.fix, path)
      for (const [path, value] of values) port.setLimit(path, value as number)
      return limitsNow(port)
    },
  }),
  endpoint({
    method: 'PUT',
    path: '/v1/pools/{pool}/servers/{server}/state',
    id: 'setAdminState',
    summary: 'Tell a server to take requests, no new clients, or none at all',
    body: form.adminStateBody,
    answer: form.adminStateAnswer,
    problems: ['unknown-server'],
    serve: (port, { params: { pool = '', server = '' }, body: { adminState } }) => {
      const found = port.config.pools.find(({ name }) => name === pool)
      if (found?.servers.some(({ name }) => name === server) !== true) {
        const names = found?.servers.map(({ name }) => name) ?? port.config.pools.map(({ name }) => name)
        const fix = `the ${found === undefined ? 'pools' : 'servers'} are ${names.join(', ')}`
        throw new Problem('unknown-server', `there is no server ${server} in a pool ${pool}`, fix, 'path')
      }
      port.setAdminState(pool, server, adminState)
      return { pool, server, adminState }
    },
  }),
  endpoint({
    method: 'GET',
    path: '/v1/incidents/{incident}',
    id: 'incident',
    summary: 'What happened to a refused or failed request, by the id on its error page',
    answer: incidentAnswer,
    problems: ['unknown-incident'],
    serve: incidentOf,
  }),
  endpoint({
    method: 'GET',
    path: '/v1/cache',
    id: 'cache',
    summary: 'How full the cache is, and what it does',
    answer: form.cacheAnswer,
    problems: ['no-cache'],
    serve: async (port) => ({ ...(await cacheOf(port).usage()) }),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/cache/object',
    id: 'object',
    summary: 'What is stored for a URL, and why the last answer was stored or not',
    query: form.objectQuery,
    answer: form.objectAnswer,
    problems: ['no-cache'],
    serve: async (port, { query: { url } }) => {
      const { routes, variants, last, passed } = await cacheOf(port).object(url)
      return {
        url,
        routes: [...routes],
        variants: variants.map((one) => ({ ...one, tags: [...one.tags] })),
        last,
        passed,
      }
    },
  }),
  endpoint({
    method: 'POST',
    path: '/v1/cache/purge',
    id: 'purge',
    summary: 'Remove a URL, all below a prefix, or all with one of some tags',
    body: form.purgeBody,
    answer: form.purgeAnswer,
    problems: ['no-cache', 'nothing-cached-there', 'servers-saturated', 'too-many-removals'],
    serve: async (port, { body: { url = null, prefix = null, tags = [], soft = false, force = false } }) => {
      const removal = await cacheOf(port).purge({ url, prefix, tags, soft, force })
      const done = removed(removal, url === null ? 'body.prefix' : 'body.url', WAIT)
      return done.softened && url === null ? { ...done, warning: GONE } : done
    },
  }),
  endpoint({
    method: 'POST',
    path: '/v1/cache/ban',
    id: 'ban',
    summary: 'Remove everything stored so far that an expression describes',
    body: form.banBody,
    answer: form.banAnswer,
    problems: ['no-cache', 'bad-expression', 'servers-saturated', 'too-many-removals'],
    serve: async (port, { body: { expression, force = false } }) => {
      const cache = cacheOf(port)
      const ban = banOf(expression)
      removed(await cache.ban(ban, force), 'body.expression', `${WAIT}, or purge by tag or prefix instead`)
      return { expression: ban.text }
    },
  }),
  endpoint({
    method: 'GET',
    path: '/v1/cache/removals',
    id: 'cacheOrders',
    summary: 'Purges and bans that stored objects are still held against',
    answer: form.removalsListAnswer,
    problems: ['no-cache'],
    serve: async (port) => ({ removals: [...(await cacheOf(port).removals())] }),
  }),
]

async function statusOf(port: GatePort): Promise<z.input<typeof form.statusAnswer>> {
  const { config, version } = port
  const occupancy = await port.occupancy()
  const { requests, listeners, routes, pools, causes } = port.usage()
  const limits = <G extends { limit: number; bound: number }>(gate: G) => ({
    ...gate,
    limit: form.shownLimit(gate.limit),
    bound: form.shownLimit(gate.bound),
  })
  return {
    name: config.name,
    version,
    uptime: Math.round(port.uptime()) / 1000,
    threads: config.threads,
    requests,
    listeners: listeners.map(limits),
    routes: routes.map(limits),
    pools: pools.map((pool, index) => ({
      ...limits(pool),
      occupancy: occupancy[index]!,
      streams: { ...pool.streams, limit: form.shownLimit(pool.streams.limit) },
      servers: pool.servers.map((server) => ({ ...server, limit: form.shownLimit(server.limit) })),
    })),
    causes: causes as Record<string, number>,
  }
}

function limitsNow(port: GatePort): z.input<typeof form.limitsAnswer> {
  return {
    limits: limitsOf(port.config, port.usage()).map(({ path, value, by, configured, inUse }) => ({
      path,
      value: form.shownLimit(value),
      by,
      configured: form.shownLimit(configured),
      inUse,
    })),
  }
}

function cacheOf({ cache }: GatePort): CacheControl {
  if (cache !== null) return cache
  throw new Problem('no-cache', 'no route of this Headgate caches', 'add cache: true to a route', 'routes')
}

/** `named`: where the request says what is meant. `otherwise`: what to do while the servers are full. */
function removed(removal: Removal, named: string, otherwise: string): z.input<typeof form.purgeAnswer> {
  if (removal.done) return { soft: removal.soft, softened: removal.softened }
  if (removal.why === 'nowhere') {
    const { length } = removal.routes
    const routes = [
      ...removal.routes.slice(0, MOST_NAMED),
      ...(length > MOST_NAMED ? [`and ${length - MOST_NAMED} more`] : []),
    ]
    const fix = `name it as clients ask for it; the routes that cache are ${routes.join(', ')}`
    throw new Problem('nothing-cached-there', removal.reason, fix, named)
  }
  if (removal.why === 'full') {
    const fix = 'send it again in some seconds; one for a tag or a prefix does what many single ones do'
    throw new Problem('too-many-removals', removal.reason, fix, '/v1/cache/removals')
  }
  throw new Problem('servers-saturated', removal.reason, otherwise, removal.place)
}

function banOf(expression: string): ReturnType<typeof parseBan> {
  try {
    return parseBan(expression)
  } catch (error) {
    if (!(error instanceof BanError)) throw error
    throw new Problem('bad-expression', error.message, error.fix, `body.expression, column ${error.column}`)
  }
}
