import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { locateLiterals } from './literals.ts'
import type { Notice } from './notice.ts'
import { Places } from './places.ts'
import { tokensOf } from './tokens.ts'

/** Locates `data` in `text`, in which ▸ marks where the key of `path` has to be found. */
function found(
  text: string,
  data: unknown,
  ...path: (string | number)[]
): { is: string; wanted: string; notices: Notice[] } {
  const before = text.slice(0, text.indexOf('▸')).split('\n')
  const places = new Places('x.ts')
  const notices = locateLiterals(text.replace('▸', ''), data, places)
  const { line, column } = places.of(path, 'key')
  return { is: `${line}:${column}`, wanted: `${before.length}:${before.at(-1)!.length + 1}`, notices }
}

const data = { pools: { shop: { queue: { max: 5 }, servers: ['a', { address: 'b' }] } } }
const shop = "queue: { max: 5 }, servers: ['a', { address: 'b' }]"

const wrapped: Readonly<Record<string, string>> = {
  'a plain object': `export default { pools: { shop: { queue: { ▸max: 5 } } } }`,
  defineConfig: `import { defineConfig } from 'headgate/config'\nexport default defineConfig({ pools: { shop: { queue: { ▸max: 5 } } } })`,
  'defineConfig of a namespace': `import * as h from 'headgate'\nexport default h.defineConfig({ pools: { shop: { queue: { ▸max: 5 } } } })`,
  'a function with an expression': `export default defineConfig(({ env }) => ({ pools: { shop: { queue: { ▸max: 5 } } } }))`,
  'a function with a return': `export default defineConfig(async ({ env }) => {\n  const x = { max: 4 }\n  if (env.A) { return {} }\n  return { pools: { shop: { queue: { ▸max: 5 } } } }\n})`,
  'an old function': `export default defineConfig(function (c): Config { return { pools: { shop: { queue: { ▸max: 5 } } } } })`,
  'a constant': `const config: WrittenConfig = { pools: { shop: { queue: { ▸max: 5 } } } }\nexport default config`,
  satisfies: `export default { pools: { shop: { queue: { ▸max: 5 } } } } satisfies WrittenConfig`,
  'a constant that satisfies': `const config = { pools: { shop: { queue: { ▸max: 5 } } } }\nexport default config satisfies WrittenConfig`,
  'an export clause': `const c = { pools: { shop: { queue: { ▸max: 5 } } } }\nexport { c as default }`,
  CommonJS: `module.exports = { pools: { shop: { queue: { ▸max: 5 } } } }`,
  'parts by name': `const max = 5\nconst queue = { ▸max }\nconst shop = { queue }\nexport default { pools: { shop } }`,
  'a spread constant': `const common = { queue: { ▸max: 5 } }\nexport default { pools: { shop: { retries: 1, ...common } } }`,
  'quoted keys': `export default { "pools": { 'shop': { queue: { ▸'max': 5 } } } }`,
  'comments and other literals': `const re = /[{"']/g, t = \`{ \${ { a: '}' }.a } \`\nexport default { /* { */ // [\n pools: { shop: { note: re, queue: { ▸max: 10 / 2 } } } }`,
}

for (const [what, text] of Object.entries(wrapped)) {
  test(`a setting is found in the source through ${what}`, () => {
    const { is, wanted } = found(text, data, 'pools', 'shop', 'queue', 'max')
    assert.equal(is, wanted)
  })
}

test('items of lists are found up to a spread, and then the list is', () => {
  const path = ['pools', 'shop', 'servers', 1, 'address']
  const plain = found("export default { pools: { shop: { servers: ['a', { ▸address: 'b' }] } } }", data, ...path)
  assert.equal(plain.is, plain.wanted)
  const spread = found("export default { pools: { shop: { ▸servers: [...first, { address: 'b' }] } } }", data, ...path)
  assert.equal(spread.is, spread.wanted)
})

test('what is computed is found by the nearest setting around it', () => {
  for (const text of [
    'export default { pools: { ▸shop: make(5) } }',
    "import { shop } from './shop.ts'\nexport default { pools: { ▸shop } }",
    'export default { pools: { ▸shop: big ? large : small } }',
    'const circle = circle\nexport default { pools: { ▸shop: circle } }',
    'export default { pools: { ▸shop: { ...make(5) } } }',
  ]) {
    const { is, wanted } = found(text, data, 'pools', 'shop', 'queue', 'max')
    assert.equal(is, wanted, text)
  }
})

test('the last of two keys counts, and the second is told', () => {
  const { is, wanted, notices } = found(
    'export default { pools: { shop: { queue: { max: 1,\n  ▸max: 5 } } } }',
    data,
    'pools',
    'shop',
    'queue',
    'max',
  )
  assert.equal(is, wanted)
  assert.deepEqual(
    notices.map(({ rule, line, column }) => [rule, line, column]),
    [['duplicate-key', 2, 3]],
  )
})

test('a text without an export has no places', () => {
  const places = new Places('x.ts')
  assert.deepEqual(locateLiterals(shop, data, places), [])
  assert.deepEqual(places.of(['pools'], 'key'), { file: 'x.ts', line: 0, column: 0 })
})

test('whatever stands in the file, looking for places neither fails nor hangs', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '=>',
    '...',
    ',',
    ':',
    '`',
    '${',
    '"',
    "'",
    '/',
    '//',
    '/*',
    '\n',
    'a',
    'export default ',
    'const a =',
    'return ',
    'defineConfig',
    '\\',
    '1',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = `${pieces.join('')} export default { pools: { shop: a } }`
      locateLiterals(text, data, new Places('x.ts'))
      for (const token of tokensOf(text))
        assert.ok(text.startsWith(token.text[0] ?? '', token.at) || token.kind === 'string')
    }),
  )
})
