/** What is asked for again and again is answered from what was made ready, and nobody can tell that from its answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { Client } from '../../kit/client.ts'

/** In one second more often than it takes until an answer is made ready. */
const AGAIN = 9

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

async function again({ client }: Shop, path: string, fields = ''): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let i = 0; i < AGAIN; i++) answers.push(await client.get(path, fields).response())
  return answers
}

/** The head without what the time changes. */
function timeless(head: string): string {
  return head.replace(/^(age: )\d+$/gim, '$1N').replace(/ttl=\d+/i, 'ttl=N')
}

for (const length of [0, 120, 4096, 4097, 20_000, 300_000]) {
  test(`a hit on ${length} bytes is the same the first, the second and every further time`, async () => {
    await using at = await shop()
    const body = 'x'.repeat(Math.max(0, length - 3)) + 'end'.slice(0, length)
    at.origin.on('/page', (asked) => asked.answer(body, 'Cache-Control: max-age=60\r\nX-Two: a\r\nX-Two: b\r\n'))
    await at.client.get('/page').response()
    const [first, ...further] = await again(at, '/page')
    assert.match(first!.head, /^cache-status: gate; hit; ttl=\d+$/im)
    for (const answer of [first!, ...further]) {
      assert.equal(answer.body, body)
      assert.equal(timeless(answer.head), timeless(first!.head))
    }
    assert.equal(at.origin.requests, 1)
  })
}

test('Age and ttl of a hit that is served again and again go with the time', async () => {
  await using at = await shop()
  at.origin.says('/page', 'Cache-Control: max-age=60\r\n')
  await at.client.get('/page').response()
  const ages = new Set<number>()
  for (const end = Date.now() + 15_000; ages.size < 3; ) {
    assert.ok(Date.now() < end, 'the age does not grow')
    const { head } = await at.client.get('/page').response()
    const age = Number(/^age: (\d+)$/im.exec(head)?.[1])
    const left = Number(/ttl=(-?\d+)/i.exec(head)?.[1])
    assert.ok(left === 60 - age || left === 59 - age, `${left} seconds left at the age of ${age}`)
    ages.add(age)
  }
})

test('who asks in a particular way in between gets what he asks for, and the others what they got before', async () => {
  await using at = await shop()
  const body = 'abcdefghij'
  at.origin.on('/page', (asked) => asked.answer(body, 'Cache-Control: max-age=60\r\nETag: "a"\r\n'))
  await again(at, '/page')
  const part = await at.client.get('/page', 'Range: bytes=2-4\r\n').response()
  assert.deepEqual([part.status, part.body], [206, 'cde'])
  const known = await at.client.get('/page', 'If-None-Match: "a"\r\n').response()
  assert.deepEqual([known.status, known.body], [304, ''])
  const head = await at.client.send('HEAD /page HTTP/1.1\r\nHost: shop.test\r\n\r\n').response('HEAD')
  assert.match(head.head, /^content-length: 10$/im)
  for (const answer of await again(at, '/page')) assert.deepEqual([answer.status, answer.body], [200, body])

  using old = await Client.connect(at.gate.port)
  old.send('GET /page HTTP/1.0\r\nHost: shop.test\r\n\r\n')
  const closed = await old.response()
  assert.match(closed.head, /^connection: close$/im)
  assert.equal(closed.body, body)
  assert.equal(at.origin.requests, 1)
})

test('several requests that come in one packet get their hits in order, small and large ones', async () => {
  await using at = await shop()
  const bodies = { small: 's'.repeat(200), middle: 'm'.repeat(9000), large: 'l'.repeat(200_000) }
  for (const [name, body] of Object.entries(bodies)) {
    at.origin.on(`/${name}`, (asked) => asked.answer(body, 'Cache-Control: max-age=60\r\n'))
    await again(at, `/${name}`)
  }
  const order = ['small', 'middle', 'large', 'small', 'large', 'middle', 'middle', 'small'] as const
  at.client.send(order.map((name) => `GET /${name} HTTP/1.1\r\nHost: shop.test\r\n\r\n`).join(''))
  for (const name of order) assert.equal((await at.client.response()).body, bodies[name])
})

test('what is fetched anew is served anew, however often the old one was', async () => {
  await using at = await shop()
  at.origin.says('/page', 'Cache-Control: max-age=60\r\n')
  for (const { body } of await again(at, '/page')) assert.equal(body, 'page 1')
  await at.client.get('/page', 'Cache-Control: no-cache\r\n').response()
  for (const { body } of await again(at, '/page')) assert.equal(body, 'page 2')
})
