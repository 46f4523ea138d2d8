/** Values that are of no form of their setting, or only by mistake, and what their author will have meant by them. */
import { nodesAt } from './json-schema.ts'
import type { Notice } from './notice.ts'
import { noticeAt } from './notice.ts'
import type { Path, Places } from './places.ts'
import { show } from './refusal.ts'
import { shorthandFix } from './shorthand.ts'
import { switchWords } from './switches.ts'

/** One notice for each such value; what it says is all that needs to be said of its setting. Never throws. */
export function checkMeant(written: unknown, places: Places): Notice[] {
  const notices: Notice[] = []
  const visit = (value: unknown, path: Path, around: readonly unknown[]): void => {
    const setting = settingOf(path)
    const fix = shorthandFix(value, setting)
    if (fix !== null) {
      const words = { says: `${show(value)} does not fit here`, fix }
      notices.push(noticeAt(places, path, 'value', 'wrong-type', words))
      return
    }
    if (typeof value !== 'object' || value === null) {
      const words = switchWords(value, setting, nodesAt(path))
      if (words !== null)
        notices.push(noticeAt(places, path, 'value', typeof value === 'string' ? 'switch-word' : 'wrong-type', words))
      return
    }
    // What holds itself is refused elsewhere.
    if (around.includes(value)) return
    const entries: Iterable<[string | number, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value)
    for (const [step, child] of entries) visit(child, [...path, step], [...around, value])
  }
  visit(written, [], [])
  return notices
}

/** Without the notices about a value, or what is in it, that one of `meant` speaks of. */
export function withoutMeant(notices: readonly Notice[], meant: readonly Notice[]): Notice[] {
  return notices.filter(
    ({ path }) =>
      !meant.some(
        (one) => path === one.path || (/^[.[]/.test(path.slice(one.path.length)) && path.startsWith(one.path)),
      ),
  )
}

/** The path of a setting with `<name>` for what users name and `[]` for positions. */
function settingOf(path: Path): string {
  let text = ''
  for (const [index, step] of path.entries()) {
    if (typeof step === 'number') text += '[]'
    else if (index === 1 && /^(listeners|pools|errorPages)$/.test(String(path[0]))) text += '.<name>'
    else text += text === '' ? step : `.${step}`
  }
  return text
}
