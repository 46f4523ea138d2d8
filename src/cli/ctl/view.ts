/** What the answers of the admin API look like to a person. */
import type { z } from 'zod'
import { duration } from '../../config/quantity.ts'
import type * as answers from '../../watch/admin/answers.ts'
import { many } from '../greeting.ts'
import type { Paint } from '../style.ts'
import { type Row, table } from './table.ts'

/** How it is shown. */
export interface Look {
  readonly width: number
  readonly paint: Paint
}

type Of<K extends keyof typeof answers> = (typeof answers)[K] extends z.ZodType<infer T> ? T : never
type Limit = number | 'unlimited'

export function statusLines(status: Of<'statusAnswer'>, { width, paint }: Look): string[] {
  const { name, version, uptime, threads, requests, listeners, routes, pools, causes } = status
  const gates: Row[] = [
    ...listeners.map((gate) => gateRow(`listener ${gate.name}`, gate, '', paint)),
    ...routes
      .filter(({ limit }) => limit !== 'unlimited')
      .map((gate) => gateRow(`route ${gate.name}`, gate, '', paint)),
    ...pools.flatMap((pool) => [
      gateRow(`pool ${pool.name}`, pool, '', paint),
      ...pool.servers.map((server): Row => {
        const state = server.health === 'down' ? paint('red', 'down') : paint('green', 'up')
        const orders = server.orders === 'ready' ? '' : ` ${paint('yellow', server.orders)}`
        return [`  server ${server.name}`, of(server.inUse, server.limit, paint), '', '', `${state}${orders}`]
      }),
    ]),
  ]
  const causeRows = Object.entries(causes).map(([cause, n]): Row => [cause, n.toLocaleString('en')])
  return [
    `${paint('bold', name)} ${version}, up ${duration(Math.floor(uptime) * 1000)}, ${many(threads, 'thread')}, ${many(requests, 'request')}`,
    '',
    ...table(['', 'in use', 'waiting', 'refused', 'state'], gates, width, paint),
    ...(causeRows.length === 0 ? [] : ['', ...table(['ended by', 'times'], causeRows, width, paint)]),
  ]
}

interface Gate {
  readonly inUse: number
  readonly limit: Limit
  readonly waiting: number
  readonly bound: Limit
  readonly refused: number
}

function gateRow(name: string, { inUse, limit, waiting, bound, refused }: Gate, state: string, paint: Paint): Row {
  const line = bound === 0 ? '' : of(waiting, bound, paint)
  return [
    name,
    of(inUse, limit, paint),
    line,
    refused === 0 ? '' : paint('yellow', refused.toLocaleString('en')),
    state,
  ]
}

/** `5 of 10`, marked when nothing is left. */
function of(used: number, limit: Limit, paint: Paint): string {
  if (limit === 'unlimited') return used.toLocaleString('en')
  const text = `${used.toLocaleString('en')} of ${limit.toLocaleString('en')}`
  return used >= limit ? paint('yellow', text) : text
}

export function limitLines({ limits }: Of<'limitsAnswer'>, { width, paint }: Look): string[] {
  const rows = limits.map(({ path, value, configured, inUse }): Row => {
    const changed = value === configured ? '' : paint('yellow', `configured ${configured}`)
    return [path, String(value), inUse.toLocaleString('en'), changed]
  })
  return table(['limit', 'value', 'in use', ''], rows, width, paint)
}

export function removalLines({ objects, softened }: Of<'purgeAnswer'>): string[] {
  const how = softened ? 'made stale, to spare the servers' : 'removed'
  return [objects === null ? `What it names is ${how} as it is met.` : `${many(objects, 'object')} ${how}.`]
}

export function banLines({ bans }: Of<'bansAnswer'>, { width, paint }: Look): string[] {
  if (bans.length === 0) return ['There are no bans.']
  const rows = bans.map(({ expression, age }): Row => [printable(expression), seconds(age)])
  return table(['ban', 'age'], rows, width, paint)
}

export function objectLines({ url, variants, last }: Of<'objectAnswer'>, { width, paint }: Look): string[] {
  const rows = variants.map(({ vary, coding, status, size: bytes, age, fresh, grace, tags }, at): Row => {
    const by = Object.entries(vary).map(([name, value]) => `${name}: ${value}`)
    if (coding !== null) by.push(coding)
    const life = fresh > 0 ? `fresh ${seconds(fresh)}` : grace > 0 ? `stale, grace ${seconds(grace)}` : 'stale'
    const name = by.length === 0 ? `variant ${at + 1}` : printable(by.join(', '))
    return [name, String(status), size(bytes), seconds(age), life, printable(tags.join(' '))]
  })
  const told =
    last === null
      ? 'No answer of a server was seen.'
      : last.stored
        ? 'The last answer was stored.'
        : `The last answer was not stored: ${last.reason}.`
  return [
    `${paint('bold', printable(url))}: ${variants.length === 0 ? 'nothing is stored' : many(variants.length, 'variant')}`,
    ...table(['variant', 'status', 'size', 'age', 'life', 'tags'], rows, width, paint),
    told,
  ]
}

export function cacheLines(usage: Of<'cacheAnswer'>, { width, paint }: Look): string[] {
  const { size: whole, used, objects, hits, misses, stale, coalesced, evicted, bans } = usage
  const asked = hits + misses
  const rate = asked === 0 ? '' : ` (${((hits / asked) * 100).toFixed(1)} %)`
  const counts = { objects, hits: `${hits.toLocaleString('en')}${rate}`, misses, stale, coalesced, evicted, bans }
  const rows = Object.entries(counts).map(([name, n]): Row => [name, n.toLocaleString('en')])
  return [`${size(used)} of ${size(whole)} in use`, ...table(['', ''], rows, width, paint)]
}

/** Whole seconds as a duration. */
function seconds(n: number): string {
  return duration(Math.max(0, Math.round(n)) * 1000)
}

/** What came from clients and servers may not move the cursor or colour the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

/** Bytes as people read them, to three digits: `368 B`, `1.21 MiB`. */
function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`
}
