import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { parseDictionary, quotedString, tokenOrString } from './structured.ts'

function kinds(text: string): Record<string, unknown> | null {
  const members = parseDictionary(text)
  return members && Object.fromEntries([...members].map(([key, member]) => [key, [member.kind, member.value]]))
}

it('reads members of all types (RFC 9651 §3)', () => {
  assert.deepEqual(
    kinds('a=1, b=-2.50, c="x\\"\\\\y", d=tok/en:*, e, f=?0, g=:aGk=:, h=@-5, i=%"a%c3%bc", j=(1 "b";q)'),
    {
      a: ['integer', 1],
      b: ['decimal', -2.5],
      c: ['string', 'x"\\y'],
      d: ['token', 'tok/en:*'],
      e: ['boolean', true],
      f: ['boolean', false],
      g: ['bytes', 'aGk='],
      h: ['date', -5],
      i: ['display', 'aü'],
      j: ['list', ''],
    },
  )
})

it('passes over parameters and blanks, and lets the last of two members count', () => {
  assert.deepEqual(kinds('  a=1;b;c=2;  d="x" \t,\t a=3;e, *k'), { a: ['integer', 3], '*k': ['boolean', true] })
  assert.deepEqual(kinds('a;b=?1, l=( );q=1'), { a: ['boolean', true], l: ['list', ''] })
  assert.deepEqual(kinds(''), {})
  assert.deepEqual(kinds('   '), {})
})

it('refuses the whole for one error (§4.2)', () => {
  for (const text of [
    'A=1',
    'a=',
    'a= 1',
    'a =1',
    'a=1,',
    ',a=1',
    'a=1,,b',
    'a=1 b',
    'a, &&&&',
    'a="b',
    'a="\\x"',
    'a="é"',
    'a=1.',
    'a=1.2345',
    'a=-',
    'a=1234567890123456',
    'a=1234567890123.1',
    'a=?2',
    'a=:b',
    'a=@1.5',
    'a=%"%C3"',
    'a=%"%ff"',
    'a=(1',
    'a=(1"b")',
    'a;=1',
    'a;b=',
    'a=1;B',
    '\ta=1',
    '1',
  ]) {
    assert.equal(parseDictionary(text), null, text)
  }
})

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom('a', '=', '1', '.5', '"', '\\', '(', ')', ';', ',', ' ', '?1', ':', '@', '%"', '%c3')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
      ),
      (text) => {
        parseDictionary(text)
      },
    ),
    { numRuns: 1000 },
  )
})

it('reads strings and tokens as it writes them (§4.1)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      assert.equal(parseDictionary(`a=${quotedString(text)}`)?.get('a')?.value, text)
      assert.equal(parseDictionary(`a=${tokenOrString(text)}`)?.get('a')?.value, text)
    }),
    { numRuns: 300 },
  )
  assert.equal(quotedString('a\r\nb\u00e9'), '"a??b?"')
})
