/** Relations between those compared. */

/**
 * Each value relative to the best of the peers, that is, of all but the first. Less is better. NaN where a value or
 * every peer is missing.
 */
export function ratios([own, ...peers]: readonly number[]): number[] {
  const best = Math.min(...peers.filter((value) => !Number.isNaN(value)))
  const relative = (value: number): number => (Number.isFinite(best) ? value / best : Number.NaN)
  return [own ?? Number.NaN, ...peers].map(relative)
}
