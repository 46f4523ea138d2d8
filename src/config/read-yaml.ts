/** Reads YAML 1.2 with the place of every key and value; anchors, aliases and merge keys included. */
import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar, visit } from 'yaml'
import type { Env } from './env.ts'
import { fillIn, scalarOf, unsetWords } from './env.ts'
import type { Notice } from './notice.ts'
import { noticeIn } from './notice.ts'
import type { Path, Places, Spot } from './places.ts'
import type { Parsed } from './read-json.ts'
import { show } from './refusal.ts'

/** What to do about the faults that the parser names by code. */
const fixes: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'bring it to the indent of its neighbours',
  MISSING_CHAR: 'close the quote or bracket',
  MULTILINE_IMPLICIT_KEY: 'write the key and its colon on one line',
  BLOCK_AS_IMPLICIT_KEY: 'put texts with ": " in them into quotes',
  MULTIPLE_DOCS: 'keep one document; remove the "---" between',
  UNEXPECTED_TOKEN: 'put texts with special signs into quotes',
  BAD_ALIAS: 'define the anchor before it is used',
}

/** Uses of one anchor, with those of the anchors in it: enough for a thousand servers, and no way to fill the memory. */
const MOST_ALIASES = 10_000

/** Reads `text`; places go to `places`, variables of `env` into its texts. */
export function readYaml(text: string, places: Places, env: Env): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: true })
  const spot = (offset: number): Spot => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const notices: Notice[] = document.errors.map(({ code, message, pos }) => {
    const { line, column } = spot(pos[0])
    if (code === 'DUPLICATE_KEY') {
      const key = /[^\s:{},[\]]+/y
      key.lastIndex = pos[0]
      const words = {
        says: `${show(key.exec(text)?.[0] ?? 'a key')} is written twice in this object`,
        fix: 'remove one of the two',
      }
      return noticeIn(places.file, line, column, 'duplicate-key', words)
    }
    const variable = text.startsWith('${', pos[0] - 1)
    const fix = variable
      ? 'within { } and [ ] put the variable into quotes; where a number is wanted, write it on a line of its own'
      : fixes[code]
    return noticeIn(places.file, line, column, 'syntax', { says: message, fix: fix ?? 'correct the line' })
  })
  // What comes after the first fault of syntax mostly comes from it.
  const syntax = notices.find(({ rule }) => rule === 'syntax')
  if (syntax !== undefined) return { data: undefined, notices: [syntax] }

  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return
      const filled = fillIn(node.value, env)
      if (filled === null) return
      for (const name of filled.unset) {
        const { line, column } = spot(node.range?.[0] ?? 0)
        notices.push(noticeIn(places.file, line, column, 'env-unset', unsetWords(name)))
      }
      // As if it had been written there: without quotes a number is a number.
      node.value = node.type === Scalar.PLAIN ? scalarOf(filled.text) : filled.text
    },
  })

  let data: unknown
  try {
    data = document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    // More aliases than a configuration has use for, or one without its anchor.
    const words = { says: (error as Error).message, fix: 'write out what the aliases stand for' }
    return { data: undefined, notices: [...notices, noticeIn(places.file, 1, 1, 'syntax', words)] }
  }
  locate(data, document.contents as Node | null, [], null, { targets: targetsOf(document), places, spot })
  return { data: data ?? {}, notices }
}

/** What each alias stands for. Found in one pass: an alias by itself would look through the whole document. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

interface Finder {
  readonly targets: ReadonlyMap<Alias, Node>
  readonly places: Places
  readonly spot: (offset: number) => Spot
}

/** Notes the places of `value` and all that is in it. The data leads, so that an alias costs no more than its copy. */
function locate(value: unknown, node: Node | null, path: Path, keyAt: number | null, finder: Finder): void {
  const valueAt = node?.range?.[0] ?? keyAt ?? 0
  finder.places.set(path, { key: finder.spot(keyAt ?? valueAt), value: finder.spot(valueAt) })
  const target = isAlias(node) ? (finder.targets.get(node) ?? null) : node
  if (Array.isArray(value)) {
    if (!isSeq(target)) return
    for (const [index, child] of value.entries())
      locate(child, target.items[index] as Node, [...path, index], null, finder)
  } else if (typeof value === 'object' && value !== null && isMap(target)) {
    for (const [key, child] of Object.entries(value)) {
      const pair = pairOf(target, key, finder.targets)
      if (pair !== null)
        locate(child, pair.value as Node | null, [...path, key], (pair.key as Node).range?.[0] ?? null, finder)
    }
  }
}

/** The pair of a key: of the map itself, else of the maps that are merged into it. */
function pairOf(map: YAMLMap, key: string, targets: ReadonlyMap<Alias, Node>): Pair | null {
  for (const pair of map.items) if (isScalar(pair.key) && String(pair.key.value) === key) return pair
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue
    const merged = isSeq(pair.value) ? pair.value.items : [pair.value]
    for (const one of merged) {
      const target = isAlias(one) ? targets.get(one) : one
      const found = isMap(target) ? pairOf(target, key, targets) : null
      if (found !== null) return found
    }
  }
  return null
}
