/** The exchange and the cache hand over fields as names and values; how a protocol writes them is its own affair. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt, scan } from './scan.ts'
import { sources } from './tree.ts'

/** Files that may have CRLF in a string, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {
  'src/cache/key/named-url.ts': 'a URL is read as a request for it, by the parser of requests',
  'src/cache/object/stored-head.ts': 'heads of stored responses are kept as text',
  'src/exchange/answer/last-hop.ts': 'the body of the answer to TRACE is the text of a request (RFC 9110 §9.3.8)',
}

const judged = sources().filter(({ path }) => /^src\/(exchange|cache)\//.test(path) && !path.endsWith('.test.ts'))

/** Places of strings with an escaped CR or LF pair. */
function linesEnds(path: string, text: string): string[] {
  return scan(text)
    .strings.filter((one) => one.text.includes('\\r\\n'))
    .map(({ at }) => `${path}:${lineAt(text, at)}`)
}

test('no text of field lines is made in the exchange or the cache', () => {
  const found = judged
    .filter(({ path }) => exceptions[path] === undefined)
    .flatMap(({ path, text }) => linesEnds(path, text))
  assert.deepEqual(found, [])
})

test('each exception to that is still needed', () => {
  const needless = Object.keys(exceptions).filter(
    (path) => !judged.some((file) => file.path === path && linesEnds(path, file.text).length > 0),
  )
  assert.deepEqual(needless, [])
})

test('no head is changed but by the parser that fills it', () => {
  const changed: string[] = []
  for (const { path, text } of sources()) {
    if (/^src\/wire\//.test(path) || path.endsWith('.test.ts')) continue
    for (const match of scan(text).code.matchAll(/\b(?:head|request|response)\.\w+\s*(?:=(?!=)|\+=|\+\+|\|=|&=)/g))
      changed.push(`${path}:${lineAt(text, match.index)} ${match[0]}`)
  }
  assert.deepEqual(changed, [])
})
