/** Paths of settings, and where in a file each one was written. */
import type { Config, Place } from './model.ts'

/** The way to a setting: keys and positions in lists. */
export type Path = readonly (string | number)[]

/** A path as it is shown and used as a key: `pools.shop.servers[0].maxConnections`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** Line and column, counted from 1. */
export interface Spot {
  readonly line: number
  readonly column: number
}

/** Where a setting stands: its key (of an item of a list: the item), and its value. */
export interface Spots {
  readonly key: Spot
  readonly value: Spot
}

/** Places of the settings of one file. */
export class Places {
  readonly file: string
  readonly #spots = new Map<string, Spots>()

  /** @param file as it is shown in notices; '' where there is none. */
  constructor(file: string) {
    this.file = file
  }

  set(path: Path, spots: Spots): void {
    this.#spots.set(pathText(path), spots)
  }

  /** Makes known every setting of `written` whose place is not: it gets that of the nearest one around it. */
  cover(written: unknown): void {
    this.#cover(written, [], [])
  }

  #cover(value: unknown, path: Path, around: readonly unknown[]): void {
    if (!this.has(path)) this.set(path, { key: this.of(path, 'key'), value: this.of(path, 'value') })
    // What holds itself is refused elsewhere; here it only must not lead in circles.
    if (typeof value !== 'object' || value === null || around.includes(value)) return
    const entries: Iterable<[string | number, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value)
    for (const [step, child] of entries)
      if (child !== undefined) this.#cover(child, [...path, step], [...around, value])
  }

  has(path: Path): boolean {
    return this.#spots.has(pathText(path))
  }

  /** The place of a setting, or of the nearest one around it that is known; line 0 when nothing is. */
  of(path: Path, what: 'key' | 'value'): Place {
    for (let length = path.length; length >= 0; length--) {
      const spots = this.#spots.get(pathText(path.slice(0, length)))
      // Of a setting around it only the key says where to look.
      if (spots !== undefined) return { file: this.file, ...(length === path.length ? spots[what] : spots.key) }
    }
    return { file: this.file, line: 0, column: 0 }
  }

  /** All settings that were written, by the text of their path, as `Config.places` wants them. */
  table(): Record<string, Place> {
    const table: Record<string, Place> = {}
    for (const [path, spots] of this.#spots) if (path !== '') table[path] = { file: this.file, ...spots.key }
    return table
  }
}

/** Where a setting was written, by the text of its path; else the nearest setting around it; else null. */
export function placeOf(config: Config, path: string): Place | null {
  for (let rest = path; rest !== ''; rest = rest.slice(0, Math.max(rest.lastIndexOf('.'), rest.lastIndexOf('[')))) {
    const place = config.places[rest]
    if (place !== undefined) return place.line > 0 ? place : null
    if (!rest.includes('.') && !rest.includes('[')) return null
  }
  return null
}
