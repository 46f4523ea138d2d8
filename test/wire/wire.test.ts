import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BodyKind } from '../../src/wire/http/head.ts'
import { requestToServer } from '../../src/wire/http1/forward.ts'
import { allCases, type Case } from './cases.ts'
import { type Outcome, Reader } from './read.ts'
import { editsOf, interimSent, responseSent } from './sent.ts'

const reader = new Reader()

/** Cuts that every case is read with: in two at every place, and byte by byte. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
}

function check(expected: Case['expect'], outcome: Outcome): void {
  for (const [word, value] of expected) {
    const got = outcome[word]
    if (got === undefined) assert.fail(`no "${word}" in ${JSON.stringify(outcome)}`)
    if (typeof got === 'string') assert.equal(got === '' ? '-' : got, value, word)
    else if (value === '-') assert.deepEqual(got, [], word)
    else assert.ok(got.includes(value), `no ${word} "${value}" in ${JSON.stringify(got)}`)
  }
  if (!expected.some(([word]) => word === 'error' || word === 'bodyError')) {
    assert.equal(outcome.error ?? outcome.bodyError, undefined, JSON.stringify(outcome))
  }
}

function forwarded(of: Case): string {
  const { words } = of
  const outcome = reader.read([of.bytes], of.reading)
  assert.equal(outcome.error, undefined, JSON.stringify(outcome))
  if (of.reading.side === 'request') {
    const hop = {
      name: 'gate',
      peer: words.get('peer') ?? '192.0.2.1',
      proto: words.get('proto') === 'https' ? 'https' : 'http',
      trusted: words.has('trusted'),
      xForwarded: !words.has('no-x'),
      forwarded: words.has('forwarded'),
    } as const
    return requestToServer(reader.request, hop, editsOf(words.get('extra') ?? ''))
  }
  const head = reader.response
  if (words.has('interim')) return interimSent(head)
  return responseSent(head, {
    bodyKind:
      words.get('as') === 'chunked' ? BodyKind.chunked : words.get('as') === 'close' ? BodyKind.close : head.bodyKind,
    connection: words.has('close') ? 'close' : '',
    extra: words.get('extra') ?? '',
  })
}

const cases = allCases()
for (const file of new Set(cases.map((one) => one.file))) {
  describe(file, () => {
    for (const one of cases.filter((candidate) => candidate.file === file)) {
      it(one.name, () => {
        const whole = reader.read([one.bytes], one.reading)
        if (one.sent !== null) assert.equal(forwarded(one), one.sent)
        check(one.expect, whole)
        for (const pieces of cuts(one.bytes)) {
          const outcome = reader.read(pieces, one.reading)
          if (JSON.stringify(outcome) !== JSON.stringify(whole))
            assert.deepEqual(outcome, whole, `cut: ${pieces[0]!.length}`)
        }
      })
    }
  })
}

it('has a case for every cause that a parser can give', () => {
  const wanted = [
    'request_line_bad',
    'line_ending_bad',
    'target_bad',
    'field_bad',
    'host_bad',
    'content_length_bad',
    'framing_conflict',
    'transfer_encoding_bad',
    'chunk_bad',
    'body_too_large',
    'target_too_long',
    'expectation_unknown',
    'head_too_large',
    'transfer_encoding_unknown',
    'version_unsupported',
    'response_bad',
    'response_head_too_large',
    'response_transfer_coding',
  ]
  const said = new Set(
    cases.flatMap((one) => one.expect.filter(([word]) => /error$/i.test(word)).map(([, cause]) => cause)),
  )
  assert.deepEqual(
    wanted.filter((cause) => !said.has(cause)),
    [],
  )
})
