/** Numbers as they are shown: of a duration measured in fractions most digits mean nothing. */

/** Rounded to three decimals; whole numbers, and what is no number at all (NaN, Infinity), as they are. */
export function shownNumber(value: number): number {
  return Number.isFinite(value) && !Number.isInteger(value) ? Math.round(value * 1000) / 1000 : value
}

/** The same for every number in `value`, to any depth of plain objects and lists; everything else stays as it is. */
export function shownNumbers<T>(value: T): T {
  if (typeof value === 'number') return shownNumber(value) as T
  if (Array.isArray(value)) return value.map(shownNumbers) as T
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shownNumbers(one)])) as T
}
