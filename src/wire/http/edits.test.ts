import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get, requestHead, responseHead } from '../../../test/kit/heads.ts'
import { editedRequest, editedResponse } from '../http1/edited-head.ts'
import { OF_THIS_HOP, passResponse, requestToServer } from '../http1/forward.ts'
import { Edits, FieldName, fieldLine, NO_EDITS } from './edits.ts'
import { Field, fieldNames, isAlias } from './fields.ts'
import { eachField, OutgoingFields } from './outgoing-fields.ts'

type Pair = readonly [name: string, value: string]
type Step = { readonly act: 'remove' | 'set' | 'add'; readonly name: string; readonly value: string }

/** Fields of one hop, or written by the protocol: they are judged elsewhere. */
const notHere = new Set([
  ...fieldNames.filter((name, id) => name === '' || (id < 32 && ((OF_THIS_HOP >>> id) & 1) === 1)),
  'host',
  'trailer',
])
const known = fieldNames.filter((name) => !notHere.has(name))
const name = fc.oneof(
  fc.constantFrom(...known.slice(0, 8), 'etag', 'vary', 'x-a', 'X-B', 'X-a', 'Via', 'link'),
  fc.constantFrom(...known),
)
const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]{0,10}[\x21-\x7e\x80-\xff])?$/)
const pairs: fc.Arbitrary<Pair[]> = fc.array(fc.tuple(name, value), { maxLength: 12 })
const steps: fc.Arbitrary<Step[]> = fc.array(fc.record({ act: fc.constantFrom('remove', 'set', 'add'), name, value }), {
  maxLength: 6,
})

function editsOf(all: readonly Step[]): Edits {
  return appliedTo(new Edits(), all)
}

function appliedTo(edits: Edits, all: readonly Step[]): Edits {
  for (const { act, name, value } of all) {
    if (act === 'remove') edits.removeName(new FieldName(name))
    else edits[act](fieldLine(name, value))
  }
  return edits
}

/** The same on a list of pairs: what is received stays in front of what is written here. */
function onPairs(fields: readonly Pair[], all: readonly Step[]): Pair[] {
  let received = [...fields]
  let own: Pair[] = []
  for (const { act, name, value } of all) {
    const other = ([one]: Pair): boolean => one.toLowerCase() !== name.toLowerCase()
    if (act !== 'add') {
      received = received.filter(other)
      own = own.filter(other)
    }
    if (act !== 'remove') own.push([name, value])
  }
  return [...received, ...own]
}

const written = (fields: readonly Pair[]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
const lines = (fields: readonly Pair[]): string[] => fields.map(([name, value]) => `${name}: ${value}`)

function walked(fields: OutgoingFields): Pair[] {
  const all: Pair[] = []
  fields.each((name, value) => all.push([name, value]))
  return all
}

it('makes of a received head what the same edits make of a list of its fields, as text and walked', () => {
  const fields = new OutgoingFields()
  fc.assert(
    fc.property(pairs, steps, (received, all) => {
      const head = responseHead(200, ...lines(received))
      passResponse(fields, head, true)
      appliedTo(fields.edits, all)
      const expected = onPairs(received, all)
      assert.equal(fields.text(), written(expected))
      assert.deepEqual(walked(fields), expected)
      const names = expected.map(([one]) => one.toLowerCase())
      const last = all.at(-1)
      const count = names.filter((one) => one === last?.name.toLowerCase()).length
      if (last?.act === 'remove') assert.equal(count, 0)
      if (last?.act === 'set') assert.equal(count, 1)
      assert.equal(head.text, responseHead(200, ...lines(received)).text, 'the head stays as it was')
    }),
    { seed: 12, numRuns: 3000 },
  )
})

it('makes the same of stored lines', () => {
  const fields = new OutgoingFields()
  fc.assert(
    fc.property(pairs, steps, (stored, all) => {
      appliedTo(fields.stored(written(stored)).edits, all)
      const expected = onPairs(stored, all)
      assert.equal(fields.text(), written(expected))
      assert.deepEqual(walked(fields), expected)
    }),
    { seed: 13, numRuns: 2000 },
  )
})

it('makes a head of its own of the same, of which the received one knows nothing', () => {
  fc.assert(
    fc.property(pairs, steps, (received, all) => {
      const expected = onPairs(received, all)
      const response = editedResponse(responseHead(200, ...lines(received)), editsOf(all), 'GET')
      assert.ok(response !== null)
      assert.deepEqual([...fieldsOf(response)], expected)
      const sane = (of: readonly Pair[]): Pair[] => of.filter(([one]) => one.toLowerCase() !== 'expect')
      const request = editedRequest(get(...lines(sane(received))), editsOf(all.filter((one) => one.name !== 'expect')))
      assert.ok(request !== null)
      assert.deepEqual(fieldsOf(request), [
        ['Host', 'a.example'],
        ...onPairs(
          sane(received),
          all.filter((one) => one.name !== 'expect'),
        ),
      ])
    }),
    { seed: 14, numRuns: 1000 },
  )
})

function fieldsOf(head: { count: number; name(i: number): string; value(i: number): string }): Pair[] {
  return Array.from({ length: head.count }, (_, i) => [head.name(i), head.value(i)] as const)
}

it('lets no edit say where a field or a message ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 12 }), (n, v) => {
      let line = null
      try {
        line = fieldLine(n, v)
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
      if (line === null) return
      assert.match(line.text, /^[^\r\n:]+: [^\r\n]*\r\n$/)
      assert.equal(Buffer.from(line.text, 'latin1').toString('latin1'), line.text)
    }),
    { seed: 15, numRuns: 5000 },
  )
  for (const bad of ['a\r\nb: c', 'a\nb', 'a\0', '\x7f', 'ł'])
    assert.throws(() => fieldLine('X-A', bad), /X-A cannot have the value/, JSON.stringify(bad))
  for (const bad of ['', 'a b', 'a:', 'a\r\n', 'ä']) assert.throws(() => fieldLine(bad, 'x'), /is not a field name/)
  for (const bad of ['', 'x', '/a b', '/a\r\n', '/\x00', '/ł'])
    assert.throws(() => new Edits().rewritePath(bad), /cannot be requested/, JSON.stringify(bad))
})

it('leaves framing and the connection to the protocol', () => {
  for (const one of [
    'Content-Length',
    'transfer-encoding',
    'Transfer_Encoding',
    'Connection',
    'Host',
    'TE',
    'Upgrade',
  ]) {
    assert.throws(() => new Edits().set(fieldLine(one, '1')), /is written by the protocol/, one)
    assert.throws(() => new Edits().add(fieldLine(one, '1')), /is written by the protocol/, one)
  }
})

const hop = { name: 'gate', peer: 'unix', proto: 'http', trusted: false, xForwarded: false, forwarded: false } as const

it('sends a request with another path, and without an upgrade that was removed', () => {
  const head = requestHead('GET /a?b HTTP/1.1', 'Connection: upgrade', 'Upgrade: websocket', 'X-A: 1', 'X-B: 2')
  const edits = new Edits()
  edits.rewritePath('/c')
  edits.remove(Field.upgrade)
  edits.removeName(new FieldName('x-a'))
  assert.equal(edits.upgrade(head), null)
  assert.equal(
    requestToServer(head, hop, edits),
    'GET /c HTTP/1.1\r\nHost: a.example\r\nX-B: 2\r\nVia: 1.1 gate\r\n\r\n',
  )
  assert.match(requestToServer(head, hop, NO_EDITS), /^GET \/a\?b .*\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/s)
  assert.equal(editedRequest(requestHead('GET http://b.example/a HTTP/1.1'), edits)?.host, 'b.example')
})

it('restores what was removed, and forgets what was set in its place', () => {
  const head = get('Range: bytes=0-1', 'If-None-Match: "a"')
  const edits = new Edits()
  edits.remove(Field.range)
  edits.set(fieldLine('If-None-Match', '"b"'))
  assert.deepEqual([edits.has(head, Field.range), edits.list(head, Field.ifNoneMatch)], [false, null])
  for (const id of [Field.range, Field.ifNoneMatch]) edits.restore(id)
  assert.deepEqual([edits.has(head, Field.range), edits.list(head, Field.ifNoneMatch)], [true, '"a"'])
  assert.ok(edits.empty)
  edits.add(fieldLine('X-A', '1'))
  edits.reset()
  assert.ok(edits.empty)
  assert.equal(edits.text(), '')
})

it('walks names and values of lines', () => {
  const all: Pair[] = []
  eachField('A: b\r\nC:\td  \r\nE: f: g\r\n', (name, value) => all.push([name, value]))
  assert.deepEqual(all, [
    ['A', 'b'],
    ['C', 'd'],
    ['E', 'f: g'],
  ])
  assert.ok(isAlias('transfer_encoding') && !isAlias('x_a'))
})
