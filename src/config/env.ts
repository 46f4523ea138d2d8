/** Environment variables in the texts of YAML and JSON: `${NAME}`, `${NAME:-default}`; `$${` stands for `${`. */

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

/** A text with its variables filled in; `unset` names those that are not set and have no default. */
export interface Filled {
  readonly text: string
  readonly unset: readonly string[]
  /** Whether the whole text was one variable: what comes out may then be a number. */
  readonly whole: boolean
}

const hole = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** Fills in a text; null when there is nothing in it to fill in. As in a shell, an empty variable counts as unset where there is a default. */
export function fillIn(text: string, env: Env): Filled | null {
  if (!text.includes('${')) return null
  const unset: string[] = []
  let holes = 0
  let whole = false
  const filled = text.replace(hole, (all: string, name: string | undefined, fallback: string | undefined) => {
    if (name === undefined) return '${'
    holes++
    whole = all.length === text.length
    const value = env[name]
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) unset.push(name)
    return value ?? ''
  })
  return { text: filled, unset, whole: whole && holes === 1 }
}

/** What a text stands for where it could have been written without quotes: a number, true, false, or itself. */
export function scalarOf(text: string): string | number | boolean {
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text)
  if (text === 'true') return true
  return text === 'false' ? false : text
}

/** What to say of a variable that is not set. */
export function unsetWords(name: string): { readonly says: string; readonly fix: string } {
  return { says: `the environment variable ${name} is not set`, fix: `set it, or write a default: \${${name}:-…}` }
}
