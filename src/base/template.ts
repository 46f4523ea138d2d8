/** Text with named holes, for own error pages (`{{name}}`) and own log lines (`%{name}`). Read once, filled often. */

/** `texts` has one more element than `names`: text, hole, text, hole, …, text. */
export interface Template {
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

/** What is wrong with a template: where (offset into its text, from 0) and what. */
export interface TemplateProblem {
  readonly at: number
  readonly says: string
}

/**
 * Splits a text at its holes. `hole` is a global expression whose first group is the name; a match without a name
 * stands for its own first character (so that `%%` can mean `%`).
 */
export function parseTemplate(text: string, hole: RegExp): Template {
  const texts: string[] = []
  const names: string[] = []
  let before = ''
  let from = 0
  for (const match of text.matchAll(hole)) {
    before += text.slice(from, match.index)
    from = match.index + match[0].length
    if (match[1] === undefined) {
      before += match[0].charAt(0)
    } else {
      texts.push(before)
      names.push(match[1])
      before = ''
    }
  }
  texts.push(before + text.slice(from))
  return { texts, names }
}

/** Names in the holes of `text` that are not among `known`, in the order of their appearance. */
export function unknownNames(text: string, hole: RegExp, known: Readonly<Record<string, string>>): TemplateProblem[] {
  const problems: TemplateProblem[] = []
  for (const match of text.matchAll(hole)) {
    const name = match[1]
    if (name === undefined || Object.hasOwn(known, name)) continue
    problems.push({ at: match.index, says: `unknown name "${name}"; known are ${Object.keys(known).join(', ')}` })
  }
  return problems
}
