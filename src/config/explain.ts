/** Turns what zod found into notices: the right form of several, the likely key, words instead of codes. */
import type { z } from 'zod'
import { foreignKey } from './foreign-keys.ts'
import { keysAt, pathsOf } from './json-schema.ts'
import { likely } from './likely.ts'
import type { Notice } from './notice.ts'
import { noticeAt } from './notice.ts'
import type { Path, Places } from './places.ts'
import { pathText } from './places.ts'
import { either, show } from './refusal.ts'
import type { Rule } from './rules.ts'

type Issue = z.core.$ZodIssue

/** What one of our readers says (see schema/scalars.ts). */
interface Params {
  readonly rule: Rule
  readonly says: string
  readonly expected: string
  readonly fix: string
}

/** What explaining needs to know of the reading. */
interface Reading {
  readonly written: unknown
  readonly places: Places
  /** Paths that unknown keys would have under the names they are likely to mean. */
  readonly renamed: Set<string>
}

/** The notices for the issues of one reading. `written` is what was read, `places` where it stands. */
export function explain(issues: readonly Issue[], written: unknown, places: Places): Notice[] {
  const reading: Reading = { written, places, renamed: new Set() }
  const notices = issues.flatMap((issue) => explainOne(issue, [], reading))
  // A misspelt key that is required is one mistake, not two.
  return notices.filter((notice) => notice.rule !== 'missing' || !reading.renamed.has(notice.path))
}

function explainOne(issue: Issue, around: Path, reading: Reading): Notice[] {
  const { places } = reading
  const path: Path = [...around, ...(issue.path as Path)]
  const found = valueAt(reading.written, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], reading))
  if (issue.code === 'invalid_union') {
    const form = formMeant(issue.errors as readonly (readonly Issue[])[])
    if (form !== null) return form.flatMap((inner) => explainOne(inner, path, reading))
    return [wrongType(path, found, either([...new Set(expectedOf(issue))]), places)]
  }
  if (issue.code === 'custom') {
    const params = issue.params as unknown as Params
    if (params.rule === 'missing' && found === undefined) return [missing(path, places)]
    const { rule, says, expected, fix } = params
    return [noticeAt(places, path, 'value', rule, { says, expected, fix })]
  }
  if (found === undefined) return [missing(path, places)]
  return [wrongType(path, found, either(expectedOf(issue)), places)]
}

/** Which of the forms of a setting was meant: the one whose type fits, with the fewest faults; null when none fits. */
function formMeant(forms: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const fits = forms.filter((issues) => !issues.some(isOtherType))
  let best: readonly Issue[] | null = null
  for (const issues of fits) if (best === null || issues.length < best.length) best = issues
  return best
}

function isOtherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'custom') return (issue.params as unknown as Params).rule === 'wrong-type'
  if (issue.code === 'invalid_union') return formMeant(issue.errors as readonly (readonly Issue[])[]) === null
  return issue.code === 'invalid_type'
}

/** What was expected, in words. */
function expectedOf(issue: Issue): string[] {
  if (issue.code === 'custom') return [(issue.params as unknown as Params).expected]
  if (issue.code === 'invalid_union')
    return issue.errors.flatMap((errors) => errors.flatMap((e) => expectedOf(e as Issue)))
  if (issue.code !== 'invalid_type') return [issue.message]
  const { expected } = issue
  return [
    expected === 'array' ? 'a list' : expected === 'object' || expected === 'record' ? 'an object' : `a ${expected}`,
  ]
}

function wrongType(path: Path, found: unknown, expected: string, places: Places): Notice {
  const says = `${show(found)} does not fit here`
  return noticeAt(places, path, 'value', 'wrong-type', { says, expected, fix: `write ${expected}` })
}

function missing(path: Path, places: Places): Notice {
  const key = String(path.at(-1))
  const example = examples[key]
  const fix = example === undefined ? `add ${key}` : `add ${example}`
  return noticeAt(places, path, 'key', 'missing', { says: `${key} is missing`, fix })
}

/** What to add where something is missing that has no default. */
const examples: Readonly<Record<string, string>> = {
  listeners: "listeners: { web: { bind: ':8080' } }",
  pools: "pools: { app: { servers: ['127.0.0.1:3000'] } }",
  servers: "servers: ['127.0.0.1:3000']",
  bind: "bind: ':8080'",
  address: "address: '127.0.0.1:3000'",
  to: 'to, with the name of a pool',
  cookie: 'cookie, with its name',
}

function unknownKey(path: Path, { places, renamed }: Reading): Notice {
  const key = String(path.at(-1))
  const parent = path.slice(0, -1)
  const allowed = keysAt(parent)
  const foreign = foreignKey(key, parent)
  const near = foreign === null ? likely(key, allowed) : null
  const says = `there is no setting ${show(key)} ${parent.length === 0 ? 'at the top' : `in ${pathText(parent)}`}`
  const expected = `one of ${allowed.join(', ')}`
  if (foreign !== null)
    return noticeAt(places, path, 'key', foreign.rule, { says: foreign.says ?? says, fix: foreign.fix })
  if (near !== null) {
    renamed.add(pathText([...parent, near]))
    return noticeAt(places, path, 'key', 'unknown-key', { says, expected, fix: `did you mean '${near}'?` })
  }
  const elsewhere = pathsOf(key).slice(0, 3)
  const fix = elsewhere.length > 0 ? `it belongs in ${either(elsewhere)}` : 'remove it, or write one of those expected'
  return noticeAt(places, path, 'key', 'unknown-key', { says, expected, fix })
}

function valueAt(written: unknown, path: Path): unknown {
  let value = written
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}
