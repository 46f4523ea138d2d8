/** The last removals for one name, where removals are looked up by what they name. */

/** Numbers of removals; 0: there was none. */
export interface Latest {
  hard: number
  soft: number
  /** When the soft one was given, ms since the epoch. */
  softAt: number
}

/** Notes a removal under its name. */
export function note(
  names: Map<string, Latest>,
  name: string,
  { number, at, soft }: { readonly number: number; readonly at: number; readonly soft: boolean },
): void {
  let latest = names.get(name)
  if (latest === undefined) {
    latest = { hard: 0, soft: 0, softAt: 0 }
    names.set(name, latest)
  }
  if (soft) {
    latest.soft = number
    latest.softAt = at
  } else latest.hard = number
}
