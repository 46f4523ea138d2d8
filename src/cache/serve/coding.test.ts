import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get } from '../../../test/kit/heads.ts'
import { Edits, NO_EDITS } from '../../wire/http/edits.ts'
import { fieldList } from '../../wire/http/field-list.ts'
import { Field } from '../../wire/http/fields.ts'
import type { StoredText } from '../object/stored-object.ts'
import {
  type Coding,
  type CodingSettings,
  codedHead,
  codedKey,
  codingFor,
  hasDatedRange,
  mayCode,
  strongForms,
  withoutDatedRange,
  withVary,
  withWeakTag,
} from './coding.ts'

const all: readonly Coding[] = ['zstd', 'br', 'gzip']
const settings: CodingSettings = { types: ['text/*', 'application/json'], encodings: all, min: 100 }

function stored(fields: string, etag = '', status = 200): StoredText {
  return { status, reason: 'OK', etag, lastModified: '', date: 0, tags: '', fields }
}

it('takes the coding of the highest weight, and of equal ones the one that is offered first (RFC 9110 §12.5.3)', () => {
  assert.equal(codingFor('gzip, deflate, br, zstd', all), 'zstd')
  assert.equal(codingFor('gzip, br', all), 'br')
  assert.equal(codingFor('br, gzip', ['gzip', 'br']), 'gzip')
  assert.equal(codingFor('gzip;q=0.8, br;q=0.5, zstd;q=0.799', all), 'gzip')
  assert.equal(codingFor('GZIP ; Q=1.000', all), 'gzip')
  assert.equal(codingFor(' ,gzip,, ', all), 'gzip')
})

it('takes none for who names none, knows none of those offered, or refuses them', () => {
  for (const accept of [null, '', ' ', 'deflate', 'identity', 'gzip;q=0', 'gzip;q=0.000, br;q=0, zstd;q=0', '*;q=0'])
    assert.equal(codingFor(accept, all), null, String(accept))
  assert.equal(codingFor('gzip', []), null)
  assert.equal(codingFor('zstd', ['br', 'gzip']), null)
})

it('reads the star as all that are not named', () => {
  assert.equal(codingFor('*', all), 'zstd')
  assert.equal(codingFor('zstd;q=0, *', all), 'br')
  assert.equal(codingFor('gzip, *;q=0', all), 'gzip')
  assert.equal(codingFor('gzip;q=0.5, *;q=0.1', all), 'gzip')
})

it('leaves a response as it is for who says so, and not for who merely allows it', () => {
  assert.equal(codingFor('identity, gzip;q=0.5', all), null)
  assert.equal(codingFor('identity;q=0.5, gzip', all), 'gzip')
  assert.equal(codingFor('identity, gzip', all), 'gzip')
  assert.equal(codingFor('identity;q=0, gzip;q=0.1', all), 'gzip')
})

it('knows x-gzip for gzip (§8.4.1.3)', () => {
  assert.equal(codingFor('x-gzip', all), 'gzip')
  assert.equal(codingFor('x-gzip;q=0', all), null)
})

it('takes a member that it cannot read for a refusal', () => {
  for (const accept of ['gzip;q=2', 'gzip;q=0.1234', 'gzip;q=', 'gzip;q=x', 'gzip;level=9', 'gzip;q=1;x=y', 'gzip q=1'])
    assert.equal(codingFor(accept, all), null, accept)
  assert.equal(codingFor('gzip;q=x, br', all), 'br')
})

it('never takes what is refused or not offered, and nothing that is liked less than another', () => {
  const name = fc.constantFrom('zstd', 'br', 'gzip', 'identity', 'deflate')
  const weights = fc.uniqueArray(fc.tuple(name, fc.integer({ min: 0, max: 1000 })), { selector: ([one]) => one })
  fc.assert(
    fc.property(weights, fc.shuffledSubarray([...all]), (members, offered) => {
      const accept = members.map(([one, weight]) => `${one};q=${(weight / 1000).toFixed(3)}`).join(', ')
      const weightOf = (one: string): number => members.find(([other]) => other === one)?.[1] ?? 0
      const chosen = codingFor(accept, offered)
      const best = Math.max(0, ...offered.map(weightOf))
      if (best === 0 || best < weightOf('identity')) return chosen === null
      return chosen === offered.find((one) => weightOf(one) === best)
    }),
    { numRuns: 300 },
  )
})

it('reads any text without an error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (accept) => {
      const chosen = codingFor(accept, all)
      return chosen === null || all.includes(chosen)
    }),
    { numRuns: 300 },
  )
})

it('codes a 200 of a type that is worth it', () => {
  for (const type of ['text/html', 'Text/CSS; charset=utf-8', 'application/json', 'application/json;x=1'])
    assert.equal(mayCode(stored(`Content-Type: ${type}\r\n`), 100, settings, []), true, type)
  for (const type of ['image/png', 'application/jsonp', 'textual/html', 'text', ''])
    assert.equal(mayCode(stored(`Content-Type: ${type}\r\n`), 100, settings, []), false, type)
  assert.equal(mayCode(stored(''), 100, settings, []), false)
  for (const status of [203, 206, 301, 404]) {
    assert.equal(mayCode(stored('Content-Type: text/html\r\n', '', status), 100, settings, []), false, String(status))
  }
})

it('codes what is long enough, and counts on it where the length is not known yet', () => {
  const page = stored('Content-Type: text/html\r\n')
  assert.deepEqual(
    [99, 100, 0, -1].map((length) => mayCode(page, length, settings, [])),
    [false, true, false, true],
  )
  assert.equal(mayCode(page, 0, { ...settings, min: 0 }, []), false)
})

it('does not code what its server has coded, may not be changed, is a part, or tells a digest (RFC 9110 §7.7, RFC 9530)', () => {
  for (const line of [
    'Content-Encoding: br',
    'content-encoding: identity',
    'Cache-Control: max-age=60, No-Transform',
    'Content-Range: bytes 0-99/200',
    'Repr-Digest: sha-256=:AA==:',
    'Content-Digest: sha-256=:AA==:',
    'Digest: sha-256=AA==',
    'Content-MD5: AA==',
  ]) {
    assert.equal(mayCode(stored(`Content-Type: text/html\r\n${line}\r\n`), 100, settings, []), false, line)
    assert.equal(mayCode(stored(`${line}\r\nContent-Type: text/html\r\n`), 100, settings, []), false, line)
  }
  const two = 'Content-Type: text/html\r\nCache-Control: max-age=60\r\nCache-Control: no-transform\r\n'
  assert.equal(mayCode(stored(two), 100, settings, []), false)
})

it('does not code what the field forbids to change that the route goes by instead of Cache-Control (RFC 9213 §2.2)', () => {
  const may = (lines: readonly string[], targeted: readonly string[]): boolean =>
    mayCode(stored(['Content-Type: text/html', ...lines, ''].join('\r\n')), 100, settings, targeted)
  const cdn = 'CDN-Cache-Control: max-age=60, no-transform'
  assert.equal(may([cdn], ['cdn-cache-control']), false)
  assert.equal(may([cdn], ['own-control', 'cdn-cache-control']), false)
  assert.equal(may(['CDN-Cache-Control: max-age=60', 'cdn-cache-control: no-transform'], ['cdn-cache-control']), false)
  // It is for others, another one counts, or it cannot be read and does not count.
  assert.equal(may([cdn], []), true)
  assert.equal(may([cdn, 'Own-Control: max-age=60'], ['own-control', 'cdn-cache-control']), true)
  assert.equal(may([cdn, 'Own-Control: &&'], ['own-control', 'cdn-cache-control']), false)
  assert.equal(may(['CDN-Cache-Control: no-transform, &&'], ['cdn-cache-control']), true)
  assert.equal(may(['CDN-Cache-Control: no-transform=5'], ['cdn-cache-control']), true)
  // What Cache-Control says to all who pass it on holds nevertheless (RFC 9110 §7.7).
  assert.equal(may(['CDN-Cache-Control: max-age=60', 'Cache-Control: no-transform'], ['cdn-cache-control']), false)
})

it('adds Accept-Encoding to Vary unless it is there, or the star', () => {
  const varied = (fields: string): string => withVary(stored(fields)).fields
  assert.equal(varied('A: b\r\n'), 'A: b\r\nVary: Accept-Encoding\r\n')
  assert.equal(varied('Vary: Cookie\r\n'), 'Vary: Cookie\r\nVary: Accept-Encoding\r\n')
  for (const fields of [
    'Vary: Cookie, accept-encoding\r\n',
    'vary: *\r\n',
    'Vary: A\r\nVary: Accept-Encoding\r\nB: c\r\n',
  ])
    assert.equal(varied(fields), fields)
})

it('gives the coded form a weak tag, its coding, and no ranges (RFC 9110 §8.8.3.3)', () => {
  const coded = codedHead(stored('A: b\r\nETag: "x"\r\nAccept-Ranges: bytes\r\nC: d\r\n', '"x"'), 'br')
  assert.equal(coded.fields, 'A: b\r\nC: d\r\nETag: W/"x"\r\nContent-Encoding: br\r\n')
  assert.equal(coded.etag, 'W/"x"')
  assert.equal(codedHead(stored('A: b\r\n'), 'gzip').fields, 'A: b\r\nContent-Encoding: gzip\r\n')
})

it('leaves a weak tag, and a head without one, as it is', () => {
  const weak = stored('ETag: W/"x"\r\n', 'W/"x"')
  assert.equal(withWeakTag(weak), weak)
  const none = stored('A: b\r\n')
  assert.equal(withWeakTag(none), none)
})

it('has keys for coded forms that begin with the key of what they are made from and are never keys of requests', () => {
  assert.equal(codedKey('shop\nhttp\na.test\n/p', 'gzip'), 'shop\nhttp\na.test\n/p\n\ne gzip')
})

it('gives all to who names a part by a date, and parts to who names them by a tag or not at all', () => {
  const conditions = { ifNoneMatch: null, ifModifiedSince: null, range: 'bytes=0-1', ifRange: null }
  assert.equal(withoutDatedRange(null), null)
  assert.equal(withoutDatedRange(conditions), conditions)
  for (const ifRange of ['"x"', 'W/"x"'])
    assert.equal(withoutDatedRange({ ...conditions, ifRange })?.range, 'bytes=0-1')
  const dated = { ...conditions, ifRange: 'Sun, 06 Nov 1994 08:49:37 GMT' }
  assert.equal(withoutDatedRange(dated)?.range, null)
})

it('takes all of Accept-Encoding out of what the server is told, and can still read it', () => {
  const head = get('Accept-Encoding: gzip', 'Accept: text/html', 'accept-encoding: br')
  const edits = new Edits()
  edits.remove(Field.acceptEncoding)
  assert.deepEqual([edits.has(head, Field.acceptEncoding), edits.list(head, Field.accept)], [false, 'text/html'])
  assert.equal(fieldList(head, 'accept-encoding'), 'gzip, br')
})

it('codes an event stream only where its type is named', () => {
  const events = stored('Content-Type: text/event-stream; charset=utf-8\r\n')
  assert.equal(mayCode(events, -1, settings, []), false)
  assert.equal(mayCode(events, -1, { ...settings, types: ['text/*', 'text/event-stream'] }, []), true)
})

it('gives the strong forms of weak tags that do not stand beside them', () => {
  assert.equal(strongForms('W/"a"'), '"a"')
  assert.equal(strongForms('"b", W/"a,c" , W/""'), '"a,c", ""')
  for (const none of ['"a"', 'W/"a", "a"', '*', '', 'W/a', 'W/"a" x']) assert.equal(strongForms(none), '', none)
})

it('knows a part that is named by a date', () => {
  const dated = 'If-Range: Sun, 06 Nov 1994 08:49:37 GMT'
  assert.equal(hasDatedRange(get('Range: bytes=0-1', dated), NO_EDITS), true)
  for (const fields of [[dated], ['Range: bytes=0-1'], ['Range: bytes=0-1', 'If-Range: W/"x"']])
    assert.equal(hasDatedRange(get(...fields), NO_EDITS), false)
})
