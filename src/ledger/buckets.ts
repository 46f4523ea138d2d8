/**
 * The buckets of a histogram: 16 per doubling, so that a value is known to 1/16 of itself (HDR histogram's scheme).
 * Values are counted in units of 10 µs; the first 32 buckets are single units, the last ends at about 6 hours.
 */

/** Units per ms. */
const UNITS = 100
const LARGEST = 0x7fffffff

/** How many buckets there are. */
export const BUCKETS = 448

/** The bucket of a duration in ms. Negative ones and NaN count as 0, too large ones as the largest. */
export function bucketOf(ms: number): number {
  const scaled = ms * UNITS
  const units = scaled < LARGEST ? scaled | 0 : scaled >= LARGEST ? LARGEST : 0
  if (units < 32) return Math.max(units, 0)
  const shift = 27 - Math.clz32(units)
  return (shift << 4) + (units >>> shift)
}

/** Lower end of a bucket in ms; the upper end is the lower end of the next. */
export function lowerEnd(bucket: number): number {
  if (bucket < 32) return bucket / UNITS
  const shift = (bucket >>> 4) - 1
  return ((16 + (bucket & 15)) * 2 ** shift) / UNITS
}
