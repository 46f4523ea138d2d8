// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of these texts are filled in by the reader
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Places } from './places.ts'
import { readYaml } from './read-yaml.ts'

const read = (text: string, env = {}) => {
  const places = new Places('x.yaml')
  const at = (...path: (string | number)[]): [number, number] => {
    const { line, column } = places.of(path, 'key')
    return [line, column]
  }
  return { ...readYaml(text, places, env), places, at }
}

test('every key and item has its place, in block and flow style', () => {
  const { at, places } = read(
    'pools:\n  shop:\n    servers:\n      - a\n      - { address: b, weight: 2 }\n    queue: { max: 5 }\n',
  )
  assert.deepEqual(at('pools', 'shop'), [2, 3])
  assert.deepEqual(at('pools', 'shop', 'servers', 0), [4, 9])
  assert.deepEqual(at('pools', 'shop', 'servers', 1, 'weight'), [5, 23])
  assert.deepEqual(at('pools', 'shop', 'queue', 'max'), [6, 14])
  assert.deepEqual(places.of(['pools', 'shop', 'queue', 'max'], 'value'), { file: 'x.yaml', line: 6, column: 19 })
  assert.deepEqual(at('pools', 'shop', 'nothing', 'here'), [2, 3])
})

test('settings that come by alias or merge stand where they were written', () => {
  const { data, at } = read(
    'base: &base\n  retries: 1\n  queue: { max: 3 }\npools:\n  a: *base\n  b:\n    <<: *base\n    retries: 2\n',
  )
  assert.deepEqual((data as { pools: unknown }).pools, {
    a: { retries: 1, queue: { max: 3 } },
    b: { retries: 2, queue: { max: 3 } },
  })
  assert.deepEqual(at('pools', 'a', 'retries'), [2, 3])
  assert.deepEqual(at('pools', 'b', 'retries'), [8, 5])
  assert.deepEqual(at('pools', 'b', 'queue', 'max'), [3, 12])
})

test('a variable without quotes becomes a number or a truth, one in quotes stays a text', () => {
  const { data } = read('a: ${N}\nb: "${N}"\nc: ${T:-true}\nd: x${N}\ne: $${N}\nf: [ "${N}" ]\n', { N: '5' })
  assert.deepEqual(data, { a: 5, b: '5', c: true, d: 'x5', e: '${N}', f: ['5'] })
})

test('variables that are not set are all told', () => {
  const { notices } = read('a: ${ONE}\nb: "${TWO} ${THREE}"\n')
  assert.deepEqual(
    notices.map(({ rule, line, column, says }) => [rule, line, column, /variable (\w+)/.exec(says)?.[1]]),
    [
      ['env-unset', 1, 4, 'ONE'],
      ['env-unset', 2, 4, 'TWO'],
      ['env-unset', 2, 4, 'THREE'],
    ],
  )
})

test('faults of syntax are told with line and remedy, the first one only', () => {
  const cases: [string, number, RegExp][] = [
    ['a:\n\tb: 1\n', 2, /spaces/],
    ['a: "x\n', 2, /close the quote/],
    ['a: *none\n', 1, /anchor|alias/],
    ['a: 1\n---\nb: 2\n', 2, /one document/],
  ]
  for (const [text, line, fix] of cases) {
    const { notices, data } = read(text)
    assert.equal(notices.length, 1, text)
    assert.equal(notices[0]?.rule, 'syntax', text)
    assert.equal(notices[0]?.line, line, text)
    assert.match(notices[0]?.fix ?? '', fix, text)
    assert.equal(data, undefined)
  }
})

test('a bomb of aliases is refused', () => {
  const level = (n: number): string => `a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(', ')}]\n`
  const { notices, data } = read(`a0: &a0 [x, x, x, x, x, x, x, x, x]\n${[1, 2, 3, 4, 5, 6].map(level).join('')}`)
  assert.equal(data, undefined)
  assert.match(notices[0]?.says ?? '', /alias/i)
})

test('an empty file is an empty configuration', () => {
  assert.deepEqual(read('').data, {})
  assert.deepEqual(read('# nothing but a comment\n').data, {})
})
