import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PageKind, pageKind } from './accept.ts'

const table: readonly (readonly [accept: string | null, kind: PageKind, who: string])[] = [
  [null, 'text', 'no field'],
  ['', 'text', 'empty field'],
  ['*/*', 'text', 'curl, fetch'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html', 'Firefox, Safari'],
  [
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
    'html',
    'Chrome',
  ],
  ['image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', 'text', 'an <img>'],
  ['text/css,*/*;q=0.1', 'text', 'a stylesheet'],
  ['application/json', 'problem', 'an API client'],
  ['application/json, text/plain, */*', 'problem', 'axios: between equals the first named'],
  ['text/plain, application/json', 'text', 'between equals the first named'],
  ['application/problem+json', 'problem', 'RFC 9457'],
  ['APPLICATION/JSON', 'problem', 'types ignore case'],
  ['text/html;q=0.2, application/json;q=0.9', 'problem', 'quality decides'],
  ['text/html;q=0.9, application/json;q=0.2', 'html', 'quality decides'],
  ['text/*', 'text', 'a family'],
  ['application/*', 'problem', 'a family'],
  ['text/html, text/*', 'html', 'the more exact between equals'],
  ['text/plain;q=0.1, text/html;q=0.3, */*', 'problem', 'what is named less exactly still counts'],
  ['text/html;q=0, */*', 'text', 'q=0 excludes'],
  ['text/plain;q=0, */*;q=0.1', 'html', 'q=0 excludes, the rest is covered'],
  ['text/plain;q=0, text/html;q=0.000', 'text', 'nothing acceptable: RFC 9110 §12.5.1 lets us answer anyway'],
  ['image/png', 'text', 'nothing we have'],
  ['text/html;level=1', 'html', 'other parameters do not matter'],
  ['text/html;q="0.5"', 'text', 'a quoted weight is malformed'],
  ['text/html;q=1.5, application/json;q=0.1', 'problem', 'a weight above 1 is malformed'],
  ['text/html;q=0.1234, application/json;q=0.1', 'problem', 'a weight with four decimals is malformed'],
  ['text/html ; q=0.4 , application/json ; q=0.5', 'problem', 'white space'],
  ['text/plain;x=",text/html,", application/json;q=0.5', 'text', 'a comma in quotes'],
  ['html, json', 'text', 'no types at all'],
  [',,text/html,,', 'html', 'empty members'],
]

for (const [accept, kind, who] of table) {
  test(`Accept ${JSON.stringify(accept)} gets ${kind} (${who})`, () => assert.equal(pageKind(accept), kind))
}

test('pageKind takes linear time for a field made to make it slow', () => {
  assert.equal(pageKind(`text/html${'  ;  '.repeat(2000)}!\xff`), 'text')
  assert.equal(pageKind('"'.repeat(8001)), 'text')
})

test('pageKind never throws and answers the same from memory, whatever the client sends', () => {
  const piece = fc.constantFrom('text/html', '*/*', ';q=', '0.5', ',', '"', 'application/json', ' ', ';', '\\', '\xff')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const accept = pieces.join('')
      assert.equal(pageKind(accept), pageKind(accept))
    }),
  )
})
