/** The same bytes to our parser and to Node's own (llhttp): ours may be the stricter one, and each such case is explained. */
import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import { it } from 'node:test'
import fc from 'fast-check'
import { allCases } from './cases.ts'
import { laxerTrailer, stricter } from './differences.ts'
import { mutated } from './mutate.ts'
import { type Heard, nodeReadsRequest, nodeReadsResponse } from './node-parser.ts'
import { type Outcome, Reader, type Reading, usual } from './read.ts'

const reader = new Reader()
const used = new Set<string>()

/** Fails where ours is the laxer or the stricter one without an explanation. */
async function compare(bytes: Buffer, side: Reading['side'], method: string): Promise<void> {
  if (bytes.length === 0) return
  const ours = reader.read([bytes], { side, method, limits: usual, maxBody: 0 })
  const refused = ours.error ?? ours.bodyError
  const rest = typeof ours.rest === 'string' ? ours.rest.length : 0
  const message = refused === undefined ? bytes.subarray(0, bytes.length - rest) : bytes
  const node = side === 'request' ? await nodeReadsRequest(message) : await nodeReadsResponse(message, method)
  const both = () =>
    `${JSON.stringify(bytes.toString('latin1'))}\nours ${JSON.stringify(ours)}\nnode ${JSON.stringify(node)}`
  if (refused !== undefined) {
    if (node.end !== 'whole') return
    const row = stricter.find(({ cause, detail }) => cause === refused && detail.test(String(ours.detail)))
    if (row === undefined) assert.fail(`not explained: ${both()}`)
    used.add(`${row.cause} ${row.detail}`)
    return
  }
  // Node knows a list of methods only; RFC 9110 §9.1 leaves it open, and so do we.
  if (node.end === 'HPE_INVALID_METHOD' && !METHODS.includes(String(ours.method))) return
  const interim = side === 'response' && String(ours.status).startsWith('1') && ours.status !== '101'
  // What Node calls `connect` comes without content, whatever the status.
  const content = side === 'request' ? ours.method !== 'CONNECT' : method !== 'CONNECT'
  if (ours.incomplete !== undefined || (ours.end === 'cut when closed' && content) || interim) {
    assert.notEqual(node.end, 'whole', both())
    return
  }
  if (side === 'response' && node.end !== 'whole' && laxerTrailer.test(bytes.toString('latin1'))) {
    used.add('laxer')
    return
  }
  assert.equal(node.end, 'whole', both())
  sameMessage(ours, node, side, content, both)
}

function sameMessage(ours: Outcome, node: Heard, side: Reading['side'], content: boolean, both: () => string): void {
  const start = side === 'request' ? `${ours.method} ${ours.target}` : `${ours.status} ${ours.reason}`
  assert.equal(node.start, start, both())
  assert.deepEqual(node.fields, ours.field, both())
  if (content) assert.equal(node.content, ours.content, both())
  const kept = node.trailers.filter((line) => (ours.trailer as string[]).includes(line))
  assert.deepEqual(kept, ours.trailer, both())
}

it('reads every Markdown case as Node does, or more strictly for a reason', async () => {
  for (const { bytes, reading } of allCases()) await compare(bytes, reading.side, reading.method)
})

it('reads damaged requests as Node does, or more strictly for a reason', async () => {
  const property = fc.asyncProperty(mutated('request'), ({ bytes }) => compare(bytes, 'request', 'GET'))
  await fc.assert(property, { seed: 9112, numRuns: 4000 })
})

it('reads damaged responses as Node does, or more strictly for a reason', async () => {
  const property = fc.asyncProperty(mutated('response'), ({ bytes, of }) =>
    compare(bytes, 'response', of.reading.method),
  )
  await fc.assert(property, { seed: 9110, numRuns: 2000 })
})

it('has no explanation that nothing needs', () => {
  const unused = stricter.filter(({ cause, detail }) => !used.has(`${cause} ${detail}`))
  assert.deepEqual(unused, [])
  assert.ok(used.has('laxer'))
})
