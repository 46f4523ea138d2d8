// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of these texts are filled in by the reader
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Places } from './places.ts'
import { readJson } from './read-json.ts'

const read = (text: string, env = {}) => {
  const places = new Places('x.json')
  return { ...readJson(text, places, env), places }
}

test('JSON is read to the same data as by the language itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      // Variables are another matter, and JSON.parse reads -0 as -0.
      const text = JSON.stringify(value, null, indent)
      fc.pre(!text.includes('${'))
      assert.deepEqual(read(text).data, JSON.parse(text))
    }),
  )
})

test('what the language refuses is refused, with a line', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.constantFrom(',', '}', '"', 'x', '\\', ' ', '1', ''), (value, at, odd) => {
      const text = JSON.stringify(value)
      const broken = text.slice(0, at % (text.length + 1)) + odd + text.slice((at % (text.length + 1)) + 1)
      fc.pre(!broken.includes('${'))
      let good = true
      try {
        JSON.parse(broken)
      } catch {
        good = false
      }
      const { notices } = read(broken)
      assert.equal(!notices.some(({ rule }) => rule === 'syntax'), good, broken)
      assert.ok(notices.every(({ line, column }) => line > 0 && column > 0))
    }),
  )
})

test('every key and value has its place', () => {
  const { places } = read('{\n  "a": { "b": [1,\n    2] }\n}')
  assert.deepEqual(places.of(['a'], 'key'), { file: 'x.json', line: 2, column: 3 })
  assert.deepEqual(places.of(['a', 'b'], 'value'), { file: 'x.json', line: 2, column: 15 })
  assert.deepEqual(places.of(['a', 'b', 1], 'value'), { file: 'x.json', line: 3, column: 5 })
  assert.deepEqual(places.of(['a', 'b', 7, 'c'], 'key'), { file: 'x.json', line: 2, column: 10 })
})

test('the usual slips of JSON are named', () => {
  const cases: [string, number, number, RegExp][] = [
    ['{ "a": 1, }', 1, 9, /comma before a closing bracket/],
    ['{ "a": 1 // one\n}', 1, 10, /no comments/],
    ['{ a: 1 }', 1, 3, /the key a stands without quotes/],
    ["{ 'a': 1 }", 1, 3, /no single quotes/],
    ['{ "a": yes }', 1, 8, /yes stands without quotes/],
    ['{ "a": "b\n" }', 1, 8, /not closed on its line/],
    ['{ "a": 1 "b": 2 }', 1, 10, /where "," or "}" has to come/],
    ['{ "a": 1', 1, 9, /the file ends where/],
    ['{} {}', 1, 4, /more after the end/],
    ['', 1, 1, /the file ends where a value/],
    ['['.repeat(1000), 1, 102, /nested too deeply/],
  ]
  for (const [text, line, column, says] of cases) {
    const [notice] = read(text).notices
    assert.ok(notice, text)
    assert.match(notice.says, says)
    assert.deepEqual([notice.line, notice.column], [line, column], text)
  }
})

test('a key that is written twice is told, whatever its name', () => {
  const { notices, data } = read('{ "a": 1,\n  "a": 2, "__proto__": 3 }')
  assert.deepEqual(
    notices.map(({ rule, line, column }) => [rule, line, column]),
    [['duplicate-key', 2, 3]],
  )
  assert.deepEqual(Object.keys(data as object), ['a', '__proto__'])
})

test('variables become what they stand for; a whole one may become a number', () => {
  const env = { PORT: '8080', NAME: 'me', EMPTY: '' }
  const { data, notices } = read(
    '{ "a": "${PORT}", "b": ":${PORT}", "c": "${NAME}", "d": "${NONE:-5}", "e": "$${PORT}", "f": "${EMPTY:-x}", "g": "${EMPTY}" }',
    env,
  )
  assert.deepEqual(data, { a: 8080, b: ':8080', c: 'me', d: 5, e: '${PORT}', f: 'x', g: '' })
  assert.deepEqual(notices, [])
})
