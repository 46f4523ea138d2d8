/** Whether something is plain data, which is all that can be handed from thread to thread. */
import type { Path } from './places.ts'

/** What is not plain, and where. */
export interface Odd {
  readonly path: Path
  readonly says: string
}

/** A copy of `value` with null for whatever in it is not plain, which is put into `odd`. */
export function plainCopy(value: unknown, odd: Odd[], path: Path = [], around: readonly object[] = []): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    odd.push({ path, says: `this is a ${typeof value}` })
    return null
  }
  if (typeof value !== 'object' || value === null) return value
  if (around.includes(value)) {
    odd.push({ path, says: 'this contains itself' })
    return null
  }
  const inside = [...around, value]
  if (Array.isArray(value)) return Array.from(value, (item, i) => plainCopy(item, odd, [...path, i], inside))
  const kind: unknown = Object.getPrototypeOf(value)
  // A plain object may come from another realm, where Object is another one.
  if (kind !== null && Object.getPrototypeOf(kind) !== null) {
    odd.push({ path, says: `this is a ${value.constructor?.name || 'class instance'}` })
    return null
  }
  const copy: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    const plain = plainCopy(child, odd, [...path, key], inside)
    if (plain !== undefined) copy[key] = plain
  }
  return copy
}
