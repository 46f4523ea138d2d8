/** Why a written value cannot be taken, in the words of a notice. Returned, not thrown: one bad value stops no other. */
export class Refusal {
  readonly rule: string
  readonly says: string
  readonly expected: string
  readonly fix: string

  constructor(rule: string, says: string, expected: string, fix: string) {
    this.rule = rule
    this.says = says
    this.expected = expected
    this.fix = fix
  }
}

/** A written value as it is shown in a sentence: texts in quotes, and never more than fits on a line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'function' ? 'a function' : 'an object'
}

/** `a, b or c`. */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** `1 server`, `2 servers`. */
export function count(n: number, one: string, many: string = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
