/** What the admin API says of the cache, as it looks to a person. */
import { reasons } from '../../cache/object/reasons.ts'
import { duration } from '../../config/quantity.ts'
import { many } from '../greeting.ts'
import type { Paint } from '../style.ts'
import { type Row, table } from './text-table.ts'
import type { Look, Of } from './view.ts'

type Report = Of<'objectAnswer'>
type Variant = Report['variants'][number]

export function purgeLines({ soft, softened, warning }: Of<'purgeAnswer'>): string[] {
  const done = softened ? 'It is made stale at once, to spare the servers.' : soft ? 'It is made stale at once.' : GONE
  return warning === undefined ? [done] : [done, `But ${warning}.`]
}

export function banLines(): string[] {
  return [GONE]
}

const GONE = 'It is gone for all threads; memory is freed as it is met.'

export function removalLines({ removals }: Of<'removalsListAnswer'>, { width, paint }: Look): string[] {
  if (removals.length === 0) return ['No removals are under way.']
  const rows = removals.map(
    ({ removal, soft, age }): Row => [printable(removal), soft ? 'stale' : 'gone', seconds(age)],
  )
  return table(['removal', 'makes it', 'age'], rows, width, paint)
}

export function objectLines(report: Report, { width, paint }: Look): string[] {
  const { url, routes, variants, last, passed } = report
  const title = `${paint('bold', printable(url))}: ${variants.length === 0 ? 'nothing is stored' : many(variants.length, 'variant')}`
  if (routes.length === 0) return [title, 'No route that caches takes this URL.']
  const head = [
    'variant',
    'status',
    'size',
    'age',
    'fresh for',
    'with grace for',
    'under pressure for',
    'kept for',
    'tags',
  ]
  return [
    title,
    ...table(head, variants.map(variantRow), width, paint),
    ...lastLines(last, paint),
    ...passedLines(passed, paint),
  ]
}

function variantRow(variant: Variant, at: number): Row {
  const { vary, coding, status, size: bytes, age, fresh, grace, pressure, neverStale, keep, tags } = variant
  const by = Object.entries(vary).map(([name, value]) => (value === null ? `no ${name}` : `${name}: ${value}`))
  if (coding !== null) by.push(coding)
  const name = by.length === 0 ? `variant ${at + 1}` : printable(by.join(', '))
  const stale =
    neverStale === null
      ? [left(grace), left(pressure)]
      : neverStale === 'no-cache'
        ? ['never: no-cache', '']
        : ['never: s-maxage or must-revalidate', '']
  const first = neverStale === 'no-cache' ? 'asked each time' : left(fresh)
  return [name, String(status), size(bytes), seconds(age), first, ...stale, left(keep), printable(tags.join(' '))]
}

function lastLines(last: Report['last'], paint: Paint): string[] {
  if (last === null) return ['No answer of a server is remembered.']
  const { stored, reason, says, fix, at, status } = last
  if (stored) return [`The last answer was stored (${at}). ${says}`]
  const what = Object.hasOwn(reasons, reason) ? 'The last answer was not stored' : 'The last fetch failed'
  const token = status === null ? reason : `${reason}, status ${status}`
  return [`${what} (${token}, ${at}): ${says}`, ...fixLines(fix, paint)]
}

function passedLines(passed: Report['passed'], paint: Paint): string[] {
  if (passed === null) return []
  const { count, reason, says, fix, at } = passed
  return [
    `${many(count, 'request')} passed the cache by, the last (${reason}, ${at}): ${says}`,
    ...fixLines(fix, paint),
  ]
}

function fixLines(fix: string, paint: Paint): string[] {
  return fix === '' ? [] : [`  ${paint('dim', 'fix:')} ${fix}`]
}

export function cacheLines(usage: Of<'cacheAnswer'>, { width, paint }: Look): string[] {
  const { size: whole, used, hits, stale, collapsed, revalidated, misses, passes } = usage
  const { objects, refreshed, refreshFailed, evicted, resets, removals } = usage
  const served = hits + stale + collapsed
  const asked = served + revalidated + misses
  const rate =
    asked === 0
      ? []
      : [
          `${((served / asked) * 100).toFixed(1)} % served from the cache (hits, stale and collapsed; passes do not count)`,
        ]
  const counts = {
    objects,
    hits,
    stale,
    collapsed,
    revalidated,
    misses,
    passes,
    refreshed,
    'refresh failed': refreshFailed,
    evicted,
    'parts lost': resets,
    removals,
  }
  const rows = Object.entries(counts)
    // That is rare, and of no use if it never happened.
    .filter(([name, n]) => name !== 'parts lost' || n > 0)
    .map(([name, n]): Row => [name, n.toLocaleString('en')])
  return [`${size(used)} of ${size(whole)} in use`, ...rate, ...table(['', ''], rows, width, paint)]
}

/** Whole seconds from now as a duration. */
function left(n: number): string {
  return n <= 0 ? 'over' : seconds(n)
}

/** Whole seconds as a duration. */
function seconds(n: number): string {
  const whole = Math.max(0, Math.round(n))
  return whole === 0 ? '0s' : duration(whole * 1000)
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
