/** The scalars of the written form: each reads what people write, and says what is wrong with it in its own words. */
import { z } from 'zod'
import { readBind, readNetworks, readServer } from '../address.ts'
import { likely } from '../likely.ts'
import { UNLIMITED } from '../model.ts'
import type { DurationRange } from '../quantity.ts'
import { durationPattern, readDuration, readSize, sizePattern } from '../quantity.ts'
import { either, Refusal, show } from '../refusal.ts'

/** A duration as written: text with a unit, or 0. */
export type WrittenDuration = string | 0
/** A size as written: text with a unit, or a number of bytes. */
export type WrittenSize = string | number

/** A text that will be replaced from the environment stands for any scalar as far as an editor can know. */
const fromEnv = { type: 'string', pattern: String.raw`\$\{.+\}` }

/** A schema over a reader: the reader's refusal becomes the issue, word by word. `json` is its JSON Schema. */
export function reads<W, R>(reader: (written: unknown) => R | Refusal, json: Record<string, unknown>) {
  return z
    .custom<W>()
    .transform((written, context): R => {
      const result = written === undefined ? missing : reader(written)
      if (!(result instanceof Refusal)) return result
      const { rule, says, expected, fix } = result
      context.issues.push({ code: 'custom', input: written, message: says, params: { rule, says, expected, fix } })
      return z.NEVER
    })
    .meta(json)
}

const missing = new Refusal('missing', 'the setting is missing', '', '')

/** A duration in ms. `zero` says what 0 means, `null` forbids it. */
export function duration(zero: string | null = 'never') {
  const range: DurationRange = { zero }
  const text = { type: 'string', pattern: durationPattern }
  return reads<WrittenDuration, number>(
    (written) => readDuration(written, range),
    zero === null ? text : { anyOf: [text, { const: 0 }] },
  )
}

/** Ten years in ms: nothing that is stored lives longer. */
const LONGEST_SPAN = 3650 * 86_400_000

/** A duration in ms that no timer has to hold, such as the life of a stored answer: up to ten years. `zero` as above. */
export function span(zero: string | null) {
  const range: DurationRange = { zero, longest: LONGEST_SPAN }
  const text = { type: 'string', pattern: durationPattern }
  return reads<WrittenDuration, number>(
    (written) => readDuration(written, range),
    zero === null ? text : { anyOf: [text, { const: 0 }] },
  )
}

/** A size in bytes, at least `least`. */
export function size(least = 0) {
  return reads<WrittenSize, number>(
    (written) => {
      const bytes = readSize(written)
      if (bytes instanceof Refusal || bytes >= least) return bytes
      return new Refusal(
        'out-of-range',
        `${show(written)} is too small`,
        `${least} bytes or more`,
        `write ${least} or more`,
      )
    },
    {
      anyOf: [
        { type: 'integer', minimum: least },
        { type: 'string', pattern: sizePattern },
      ],
    },
  )
}

/** A whole number between two others, both included. */
export function whole(least: number, most: number) {
  const expected = most >= UNLIMITED ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`
  return reads<number, number>((written) => readWhole(written, least, most, expected), {
    anyOf: [{ type: 'integer', minimum: least, ...(most < UNLIMITED && { maximum: most }) }, fromEnv],
  })
}

function readWhole(written: unknown, least: number, most: number, expected: string): number | Refusal {
  if (typeof written !== 'number') {
    const number = typeof written === 'string' && /^\d+$/.test(written)
    const fix = number ? `write ${written} without quotes` : `write ${expected}`
    return new Refusal('wrong-type', `${show(written)} is not a number`, expected, fix)
  }
  if (Number.isInteger(written) && written >= least && written <= most) return written
  const says = Number.isInteger(written)
    ? `${written} is ${written < least ? 'too small' : 'too large'}`
    : `${written} is not a whole number`
  return new Refusal('out-of-range', says, expected, `write ${expected}`)
}

/** A limit: a whole number from 1, or `'unlimited'`. */
export function limit() {
  const expected = "a whole number, 1 or more, or 'unlimited'"
  return reads<number | 'unlimited', number>(
    (written) => {
      if (written === 'unlimited') return UNLIMITED
      if (written === 0) {
        // 0 means "no limit" to HAProxy and nginx, and "nothing" to everybody else.
        return new Refusal('out-of-range', '0 would let nothing in', expected, "write 'unlimited' for no limit")
      }
      if (written === -1 || (typeof written === 'string' && /^(inf|unbounded|unrestricted|no.?limit)/i.test(written)))
        return new Refusal('bad-value', `${show(written)} is not a limit`, expected, "write 'unlimited' for no limit")
      return readWhole(written, 1, UNLIMITED - 1, expected)
    },
    { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'unlimited' }, fromEnv] },
  )
}

/** A number with a fraction, 0 or from `least` to `most`. */
export function factor(least: number, most: number) {
  const expected = `0, or a number from ${least} to ${most}`
  return reads<number, number>(
    (written) => {
      if (typeof written !== 'number')
        return new Refusal('wrong-type', `${show(written)} is not a number`, expected, `write ${expected}`)
      if (written === 0 || (written >= least && written <= most)) return written
      return new Refusal('out-of-range', `${written} is not in the range`, expected, `write ${expected}`)
    },
    { anyOf: [{ const: 0 }, { type: 'number', minimum: least, maximum: most }, fromEnv] },
  )
}

/** One of some words. */
export function word<const W extends string>(words: readonly W[]) {
  const expected = either(words.map((w) => `'${w}'`))
  return reads<W, W>(
    (written) => {
      if (typeof written !== 'string')
        return new Refusal('wrong-type', `${show(written)} is not one of its words`, expected, `write ${expected}`)
      if ((words as readonly string[]).includes(written)) return written as W
      const near = likely(written, words)
      const fix = near === null ? `write ${expected}` : `did you mean '${near}'?`
      return new Refusal('bad-value', `${show(written)} is not known here`, expected, fix)
    },
    { type: 'string', enum: words },
  )
}

/** true or false. */
export function flag() {
  return reads<boolean, boolean>(
    (written) =>
      typeof written === 'boolean'
        ? written
        : new Refusal('wrong-type', `${show(written)} is not true or false`, 'true or false', 'write true or false'),
    { anyOf: [{ type: 'boolean' }, fromEnv] },
  )
}

/** `false` for something that is not wanted; read as null. */
export function never() {
  return reads<false, null>(
    (written) =>
      written === false
        ? null
        : new Refusal('wrong-type', `${show(written)} is not false`, 'false', 'write false, or remove it'),
    { const: false },
  )
}

/** A text of a certain form, perhaps brought into a canonical one. */
export function text(form: TextForm) {
  const { expected, fix, rule = 'bad-value' } = form
  return reads<string, string>(
    (written) => {
      if (typeof written !== 'string')
        return new Refusal('wrong-type', `${show(written)} is not a text`, expected, fix(String(written)))
      if (form.pattern.test(written)) return form.canonical === undefined ? written : form.canonical(written)
      return new Refusal(rule, `${show(written)} ${form.isNot}`, expected, fix(written))
    },
    { type: 'string', ...(form.json !== undefined && { pattern: form.json }) },
  )
}

/** A form of text. */
export interface TextForm {
  readonly pattern: RegExp
  /** For the JSON Schema: what every good text matches; none where no pattern helps an editor. */
  readonly json?: string
  readonly expected: string
  readonly isNot: string
  readonly fix: (written: string) => string
  readonly rule?: string
  readonly canonical?: (written: string) => string
}

/** An HTTP token (RFC 9110 §5.6.2): names of fields, of cookies (RFC 6265 §4.1.1), and our own in Via. */
export const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export function token(what: string, canonical?: (written: string) => string) {
  return text({
    pattern: tokenPattern,
    expected: `${what}: letters, digits and any of !#$%&'*+-.^_\`|~`,
    isNot: `cannot be ${what}`,
    fix: () => 'leave out spaces and other signs',
    rule: 'bad-name',
    ...(canonical !== undefined && { canonical }),
  })
}

/** Words that elsewhere turn a setting off or on; a name is none of them. */
const offWords = ['off', 'no', 'none', 'disabled', 'false']
const onWords = ['on', 'yes', 'enabled', 'true']

/** Whether messages say in Via that they came through here, or under which name they do. */
export function via() {
  const expected = "true, false, or a name of letters, digits and any of !#$%&'*+-.^_`|~"
  return reads<boolean | string, boolean | string>(
    (written) => {
      if (typeof written === 'boolean') return written
      if (typeof written !== 'string')
        return new Refusal('wrong-type', `${show(written)} is not a name`, expected, 'write true, false or a name')
      const word = written.toLowerCase()
      if (offWords.includes(word))
        return new Refusal(
          'bad-value',
          `${show(written)} is a text here, and would be the name`,
          expected,
          'did you mean false?',
        )
      if (onWords.includes(word))
        return new Refusal(
          'bad-value',
          `${show(written)} is a text here, and would be the name`,
          expected,
          'did you mean true?',
        )
      if (tokenPattern.test(written)) return written
      return new Refusal(
        'bad-name',
        `${show(written)} cannot be a name in Via`,
        expected,
        'leave out spaces and other signs',
      )
    },
    { anyOf: [{ type: 'boolean' }, { type: 'string', pattern: tokenPattern.source }] },
  )
}

/** Names of listeners, pools and routes: they appear in logs, metrics and paths of settings. */
export const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/

export const bind = () =>
  reads<string | number, Exclude<ReturnType<typeof readBind>, Refusal>>(readBind, {
    anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0, maximum: 65_535 }],
  })

export const serverAddress = () =>
  reads<string, Exclude<ReturnType<typeof readServer>, Refusal>>(readServer, { type: 'string' })

export const networks = () => reads<string, readonly string[]>(readNetworks, { type: 'string' })

/** What may be written as one or as a list of several; read as a list. */
export function oneOrMore<S extends z.ZodType>(one: S, least = 1) {
  const list = z.array(one)
  return z.union([list, one.transform((value) => [value as z.output<S>])]).superRefine((values, context) => {
    if (values.length >= least) return
    const params = {
      rule: 'missing',
      says: 'the list is empty',
      expected: 'at least one',
      fix: 'write one, or remove the setting',
    }
    context.addIssue({ code: 'custom', message: params.says, params })
  })
}
