/** What a stored answer is told to be: its coding, its parts and their refusal, and for whom it is fresh (RFC 9110 §8, §14, RFC 9213). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop, sorted } from '../../kit/cache-origin.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

test('a refused range has the date of now and tells the representation, and nothing by which it could be kept (RFC 9110 §15.5.17, §6.6.1)', async () => {
  await using at = await shop()
  const fields = `${FRESH}ETag: "v"\r\nVary: X-A\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/plain\r\nDate: Mon, 05 Jan 2026 10:11:12 GMT\r\nCDN-Cache-Control: max-age=999999999\r\n`
  at.origin.on('/p', (asked) => asked.answer('0123456789', fields))
  await at.client.get('/p').response()
  const refused = await at.client.get('/p', 'Range: bytes=10-\r\n').response()
  assert.deepEqual([refused.status, refused.body, refused.field('content-range')], [416, '', 'bytes */10'])
  assert.deepEqual(
    ['etag', 'vary', 'access-control-allow-origin'].map((name) => refused.field(name)),
    ['"v"', 'X-A', '*'],
  )
  assert.ok(Math.abs(Date.parse(refused.field('date') ?? '') - Date.now()) < 3000, refused.head)
  assert.equal(refused.head.match(/^date:/gim)?.length, 1)
  assert.doesNotMatch(refused.head, /^(cache-control|cdn-cache-control|expires|age|content-type):/im)
  assert.equal(at.origin.requests, 1)
})

test('the last bytes of an empty answer are all of it, and any other of its bytes are refused (RFC 9110 §14.1.2)', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked) => asked.answer('', FRESH))
  await at.client.get('/p').response()
  for (const [range, status] of [
    ['bytes=-5', 200],
    ['bytes=0-0, -5', 200],
    ['bytes=0-', 416],
    ['bytes=-0', 416],
  ] as const) {
    const { status: got, body } = await at.client.get('/p', `Range: ${range}\r\n`).response()
    assert.deepEqual([got, body], [status, ''], range)
  }
  assert.equal(at.origin.requests, 1)
})

/** Stores a body with these fields, has it renewed by a 304 with Content-Encoding: gzip, and answers what clients get then. */
async function renewed(at: Shop, path: string, fields: string): Promise<readonly (string | null)[]> {
  at.origin.on(path, (asked, n) => {
    if (n === 1) asked.answer('body', `Cache-Control: max-age=0\r\nETag: "v"\r\n${fields}`)
    else asked.say(`HTTP/1.1 304 Not Modified\r\n${FRESH}ETag: "v"\r\nContent-Encoding: gzip\r\nX-A: new\r\n\r\n`)
  })
  await at.client.get(path).response()
  await at.client.get(path).response()
  const { body, field } = await at.client.get(path).response()
  assert.equal(at.origin.count(path), 2)
  return [body, field('content-encoding'), field('x-a')]
}

test('a 304 does not call coded what was stored plain, nor gives it another coding (RFC 9111 §3.2)', async () => {
  await using at = await shop()
  assert.deepEqual(await renewed(at, '/plain', 'X-A: old\r\n'), ['body', null, 'new'])
  assert.deepEqual(await renewed(at, '/coded', 'Content-Encoding: br\r\n'), ['body', 'br', 'new'])
})

test('what the field for this cache forbids to change is not compressed (RFC 9110 §7.7, RFC 9213 §2.2)', async () => {
  await using at = await shop({ compress: true })
  const long = 'a line of it\n'.repeat(1000)
  const page = 'Content-Type: text/html\r\n'
  at.origin.on('/kept', (asked) => asked.answer(long, `${page}CDN-Cache-Control: max-age=60, no-transform\r\n`))
  at.origin.on('/coded', (asked) => asked.answer(long, `${page}CDN-Cache-Control: max-age=60\r\n`))
  const codingOf = async (path: string): Promise<string | null> =>
    (await at.client.get(path, 'Accept-Encoding: gzip\r\n').response()).field('content-encoding')
  await codingOf('/kept')
  // What may be coded is asked for behind it, so that the compressor has had its turn.
  const end = performance.now() + 5000
  while ((await codingOf('/coded')) === null) {
    assert.equal(await codingOf('/kept'), null)
    assert.ok(performance.now() < end, 'nothing was coded')
  }
  assert.equal(await codingOf('/kept'), null)
  assert.equal(at.origin.requests, 2)
})

test('a time with space before it makes nothing fresh, in any of the fields that direct caches (RFC 9111 §4.2.1, RFC 9213 §2.1)', async () => {
  await using at = await shop({ surrogateControl: true })
  const tag = 'ETag: "v"\r\n'
  await sorted(
    at,
    [`${tag}Surrogate-Control: max-age=100\r\n`, `${tag}Surrogate-Control: content="ESI/1.0" , max-age=100\r\n`],
    [
      `${tag}Surrogate-Control: max-age= 100\r\n`,
      `${tag}Surrogate-Control: max-age=100 +50\r\n`,
      `${tag}CDN-Cache-Control: max-age= 100\r\n`,
      `${tag}Cache-Control: max-age= 100\r\n`,
    ],
  )
})
