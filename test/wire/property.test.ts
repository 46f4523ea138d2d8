import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { NO_EDITS } from '../../src/wire/http/edits.ts'
import { RequestHead } from '../../src/wire/http/head.ts'
import { type Hop, requestToServer } from '../../src/wire/http1/forward.ts'
import { parseRequest } from '../../src/wire/http1/request.ts'
import { allCases } from './cases.ts'
import { mutated } from './mutate.ts'
import { nodeReadsRequest } from './node-parser.ts'
import { Reader, usual } from './read.ts'
import { responseSent } from './sent.ts'

const reader = new Reader()
const again = new Reader()
const request = { side: 'request', method: 'GET', limits: usual, maxBody: 0 } as const

/** Pieces of the bytes, cut at these shares of their length. */
function cut(bytes: Buffer, shares: readonly number[]): Buffer[] {
  const places = [0, ...shares.map((share) => Math.floor(share * bytes.length)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place))
}

const anyCut = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })

for (const side of ['request', 'response'] as const) {
  it(`understands the same of a ${side} however its bytes are cut`, () => {
    const small = { line: 60, head: 150, fields: 4 }
    fc.assert(
      fc.property(mutated(side), anyCut, fc.boolean(), ({ bytes, of }, shares, tight) => {
        const how = { ...of.reading, limits: tight ? small : usual, maxBody: tight ? 8 : 0 }
        assert.deepEqual(reader.read(cut(bytes, shares), how), reader.read([bytes], how))
      }),
      { seed: 2, numRuns: 5000 },
    )
  })
}

it('understands the same of a head wherever it lies in the buffer, whatever lies around it', () => {
  const head = new RequestHead()
  const other = new RequestHead()
  fc.assert(
    fc.property(
      mutated('request'),
      fc.nat(40),
      fc.constantFrom('\n', '\r\n\r\n', ' x', '\0'),
      ({ bytes }, offset, after) => {
        const around = Buffer.concat([Buffer.alloc(offset, '\r'), bytes, Buffer.from(after)])
        const end = parseRequest(head, around, offset, offset + bytes.length, usual)
        const alone = parseRequest(other, bytes, 0, bytes.length, usual)
        assert.equal(end > 0 ? end - offset : end, alone)
        assert.deepEqual({ ...head, spans: null, ids: null }, { ...other, spans: null, ids: null })
        for (let i = 0; i < head.count; i++) assert.equal(head.value(i), other.value(i))
      },
    ),
    { seed: 3, numRuns: 3000 },
  )
})

const hop: fc.Arbitrary<Hop> = fc.record({
  name: fc.constant('gate'),
  peer: fc.constantFrom('192.0.2.1', '2001:db8::1', ''),
  proto: fc.constantFrom('http', 'https'),
  trusted: fc.boolean(),
  xForwarded: fc.boolean(),
  forwarded: fc.boolean(),
})

it('sends on only what it would take itself, framed in the same way, and Node reads it so', async () => {
  await fc.assert(
    fc.asyncProperty(mutated('request'), hop, async ({ bytes }, by) => {
      const first = reader.read([bytes], request)
      if (first.error !== undefined || first.incomplete !== undefined || first.authority === '') return
      const sent = requestToServer(reader.request, by, NO_EDITS)
      const second = again.read([Buffer.from(sent, 'latin1')], request)
      assert.equal(second.error, undefined, sent)
      for (const word of [
        'method',
        'path',
        'host',
        'authority',
        'body',
        'length',
        'upgrade',
        'teTrailers',
        'expectContinue',
      ]) {
        assert.equal(second[word], first[word], `${word}: ${sent}`)
      }
      assert.equal(second.version, '1.1')
      const names = (second.field as string[]).map((field) => field.slice(0, field.indexOf(':')).toLowerCase())
      for (const name of ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te']) {
        assert.ok(names.filter((one) => one === name).length <= 1, `${name}: ${sent}`)
      }
      const whole = first.body === 'none' || first.length === '0'
      const node = await nodeReadsRequest(Buffer.from(sent, 'latin1'))
      if (node.end === 'HPE_INVALID_METHOD') return
      assert.equal(node.end, whole ? 'whole' : 'cut', sent)
      assert.equal(node.start, `${first.method} ${first.path}`, sent)
      assert.deepEqual(node.fields, second.field)
    }),
    { seed: 4, numRuns: 3000 },
  )
})

it('hands to the client only what it would take itself, framed in the same way', () => {
  fc.assert(
    fc.property(mutated('response'), ({ bytes, of }) => {
      const how = { ...of.reading, limits: usual, maxBody: 0 }
      const first = reader.read([bytes], how)
      if (first.error !== undefined || first.incomplete !== undefined) return
      const sent = responseSent(reader.response, reader.response)
      const second = again.read([Buffer.from(sent, 'latin1')], how)
      assert.equal(second.error, undefined, sent)
      for (const word of ['status', 'reason', 'body', 'upgrade'])
        assert.equal(second[word], first[word], `${word}: ${sent}`)
      if (second.body !== 'none') assert.equal(second.length, first.length, sent)
    }),
    { seed: 5, numRuns: 5000 },
  )
})

it('keeps no trace of a message in the next one read with the same objects', () => {
  for (const { bytes, reading } of allCases()) {
    const fresh = new Reader().read([bytes], reading)
    assert.deepEqual(again.read([bytes], reading), fresh)
  }
})
