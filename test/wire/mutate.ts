/** Bytes that are almost right: the Markdown cases with a few edits, as fast-check arbitraries. */
import fc from 'fast-check'
import { allCases, type Case } from './cases.ts'

/** What parsers stumble over. */
const pieces = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '"',
    '\\',
    '\0',
    '\x0b',
    '\x7f',
    '\xa0',
    '\xff',
    '0',
    '1',
    'a',
    '#',
    '?',
    '/',
  ],
  'Content-Length: 3\r\n',
  'Content-Length: 3',
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding: gzip\r\n',
  'Transfer-Encoding: identity',
  'chunked',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Connection: X-A\r\n',
  'HTTP/1.0',
  'HTTP/1.1',
  ' HTTP/1.1\r\n',
  'POST /x HTTP/1.1\r\n',
  'http://c',
  'X-A: b\r\n',
  '0\r\n\r\n',
  '3\r\nabc\r\n',
  '3;x=y\r\nabc\r\n',
  'fffffffffffffff',
]

interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  remove: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })),
  insert: fc.oneof(
    fc.constant(''),
    fc.constantFrom(...pieces),
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  ),
})

/** A case and bytes that differ from its own in up to three places. */
export function mutated(side: 'request' | 'response'): fc.Arbitrary<{ of: Case; bytes: Buffer }> {
  const cases = allCases().filter((one) => one.reading.side === side && one.bytes.length > 0 && one.bytes.length < 1000)
  return fc
    .record({ of: fc.constantFrom(...cases), edits: fc.array(edit, { maxLength: 3 }) })
    .map(({ of, edits }) => ({ of, bytes: Buffer.from(edits.reduce(edited, of.bytes.toString('latin1')), 'latin1') }))
}

function edited(text: string, { at, remove, insert }: Edit): string {
  const from = Math.floor(at * text.length)
  return text.slice(0, from) + insert + text.slice(from + remove)
}
