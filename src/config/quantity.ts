/** Durations and sizes as people write them: `2s`, `1h30m`, `10MB`, `64KiB`; and back again. */
import { Refusal, show } from './refusal.ts'

/** The units of a duration in ms, in the order in which they may follow one another. */
const durationUnits = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
/** The units of a size in bytes. The decimal ones are powers of 1000, as drives and networks are sold. */
const sizeUnits = {
  B: 1,
  KB: 1000,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const

/** Longest duration a timer of the platform can hold (2^31 - 1 ms, 24 days and 20 hours). */
export const LONGEST = 0x7fffffff

/** Source of a regular expression for the JSON Schema; the readers below are stricter. */
export const durationPattern = String.raw`^(0|(\d+(\.\d+)?(d|h|m(?!s)|s|ms))+|.*\$\{.+\}.*)$`
/** The same for sizes. */
export const sizePattern = String.raw`^(\d+(\.\d+)?([KMGT]iB|[kKMGT]B|B)|.*\$\{.+\}.*)$`

const durationExpected = "a duration such as '2s', '500ms', '5m' or '1h30m'"
const sizeExpected = "a size such as '64KB' (64,000 bytes), '64KiB' (65,536 bytes) or a number of bytes"

/** What `readDuration` asks of a value beyond its form. */
export interface DurationRange {
  /** Whether 0 may be written, and what it then means; `null`: it may not. */
  readonly zero: string | null
  /** The longest in ms; LONGEST when unset. */
  readonly longest?: number
}

/**
 * Reads a duration.
 * @returns whole milliseconds, 0 … `range.longest`; or why it cannot be one.
 */
export function readDuration(written: unknown, range: DurationRange = { zero: 'never' }): number | Refusal {
  const expected = range.zero === null ? durationExpected : `${durationExpected}; 0 for ${range.zero}`
  if (written === 0 || written === '0' || written === '0s' || written === '0ms') {
    if (range.zero !== null) return 0
    return new Refusal('out-of-range', 'this duration cannot be 0', expected, "write a duration such as '2s'")
  }
  if (typeof written === 'number') {
    // HAProxy reads bare numbers as ms, nginx as s: which was meant is unknown.
    const shown = Number.isFinite(written) && written > 0 ? written : 1
    return new Refusal('bad-duration', `${written} has no unit`, expected, `write '${shown}ms' or '${shown}s'`)
  }
  if (typeof written !== 'string')
    return new Refusal('wrong-type', `${show(written)} is not a duration`, expected, "write a text such as '2s'")

  const ms = sumOf(written)
  if (ms === null)
    return new Refusal('bad-duration', `${show(written)} is not a duration`, expected, durationFix(written))
  const whole = Math.round(ms)
  if (whole === 0) {
    // Rounding to 0 would turn "at once" into "never".
    return new Refusal(
      'out-of-range',
      `${show(written)} is shorter than a millisecond`,
      expected,
      "write '1ms' or more",
    )
  }
  const { longest = LONGEST } = range
  if (whole > longest) {
    const days = Math.floor(longest / durationUnits.d)
    return new Refusal(
      'out-of-range',
      `${show(written)} is longer than ${days} days`,
      expected,
      `write '${days}d' or less`,
    )
  }
  return whole
}

function sumOf(written: string): number | null {
  const part = /(\d+(?:\.\d+)?)(ms|d|h|m|s)/gy
  let ms = 0
  let last = Number.POSITIVE_INFINITY
  while (part.lastIndex < written.length) {
    const found = part.exec(written)
    if (found === null) return null
    const unit = durationUnits[found[2] as keyof typeof durationUnits]
    if (unit >= last) return null
    last = unit
    ms += Number(found[1]) * unit
  }
  return last === Number.POSITIVE_INFINITY ? null : ms
}

function durationFix(written: string): string {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*$/i.exec(written)
  if (found === null) return "write numbers with units, the largest first: '1h30m', '2s', '500ms'"
  const [, amount, unit = ''] = found
  if (unit === '') return `write '${amount}ms' or '${amount}s'`
  if (/^(us|µs|micro)/i.test(unit)) return 'write whole milliseconds; the finest unit is ms'
  if (/^(ms|milli)/i.test(unit)) return `write '${amount}ms'`
  if (/^s/i.test(unit)) return `write '${amount}s'`
  if (/^mo/i.test(unit)) return "write days; the largest unit is d: '24d'"
  if (/^m/i.test(unit)) return `write '${amount}m' for minutes`
  if (/^h/i.test(unit)) return `write '${amount}h'`
  if (/^d/i.test(unit)) return `write '${amount}d'`
  return 'the units are ms, s, m, h and d'
}

/** The shortest text that `readDuration` reads back to the same value: `1h30m`, `1.5s`, `0`. */
export function duration(ms: number): string {
  if (ms === 0) return '0'
  if (ms < 1000) return `${ms}ms`
  let left = ms
  let text = ''
  for (const unit of ['d', 'h', 'm'] as const) {
    const many = Math.floor(left / durationUnits[unit])
    if (many > 0) text += `${many}${unit}`
    left -= many * durationUnits[unit]
  }
  return left === 0 ? text : `${text}${left / 1000}s`
}

/**
 * Reads a size.
 * @returns whole bytes, 0 … 2^53 - 1; or why it cannot be one.
 */
export function readSize(written: unknown): number | Refusal {
  if (typeof written === 'number') {
    if (Number.isSafeInteger(written) && written >= 0) return written
    return new Refusal(
      'out-of-range',
      `${written} is not a number of bytes`,
      sizeExpected,
      'write a whole number, 0 or more',
    )
  }
  if (typeof written !== 'string')
    return new Refusal('wrong-type', `${show(written)} is not a size`, sizeExpected, "write a text such as '64KB'")

  const found = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(written)
  const unit = found?.[2] === '' ? 1 : sizeUnits[found?.[2] as keyof typeof sizeUnits]
  if (found === null || unit === undefined)
    return new Refusal('bad-size', `${show(written)} is not a size`, sizeExpected, sizeFix(written))
  const bytes = Math.round(Number(found[1]) * unit)
  if (Number.isSafeInteger(bytes)) return bytes
  return new Refusal('out-of-range', `${show(written)} is too large`, sizeExpected, "write '1TB' or less")
}

function sizeFix(written: string): string {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([kmgt])i?b?\s*$/i.exec(written)
  if (found === null) return 'the units are B, KB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024)'
  const letter = found[2]!.toUpperCase()
  // nginx and HAProxy read a lone k as 1024; writing it out leaves no doubt.
  return `write '${found[1]}${letter}iB' (powers of 1024) or '${found[1]}${letter}B' (powers of 1000)`
}

/** The shortest text that `readSize` reads back to the same value: `64KiB`, `10MB`, `123B`. */
export function size(bytes: number): string {
  if (bytes === 0) return '0B'
  const units = ['TiB', 'TB', 'GiB', 'GB', 'MiB', 'MB', 'KiB', 'KB'] as const
  for (const unit of units) {
    const many = bytes / sizeUnits[unit]
    if (many >= 1 && Number.isInteger(many)) return `${many}${unit}`
  }
  return `${bytes}B`
}
