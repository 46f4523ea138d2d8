/** Who waits for the fetch of another gets it only if it would be served to him from the store a moment later (RFC 9111 §4); what is for one alone everybody asks for himself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheOrigin, httpDateIn, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, requestsBegun, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const admin = { bind: '127.0.0.1:0' }

/** Hands the requests for a path to the test. */
function ask(origin: CacheOrigin, path: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one) => asked.push(one))
  return asked
}

/** Asks for a path on a connection for each of these field lines; resolves when all requests are read and had time to go on. */
async function join({ gate }: Pick<Shop, 'gate'>, path: string, fields: readonly string[]): Promise<Client[]> {
  const before = gate.gate.usage().requests
  const clients: Client[] = []
  for (const lines of fields) clients.push((await Client.connect(gate.port)).get(path, lines))
  await requestsBegun(gate.gate, before + fields.length)
  await meanwhile(30)
  return clients
}

function responses(clients: readonly Client[]): Promise<Answered[]> {
  return Promise.all(clients.map((client) => client.response()))
}

function bodies(answers: readonly Answered[]): Record<string, number> {
  return tally(answers.map(({ body }) => body))
}

async function finished({ gate }: Pick<Shop, 'gate'>, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client[Symbol.dispose]()
  await settled(gate.gate)
}

function order({ gate }: Shop, path: string, what: Record<string, unknown>): Promise<Response> {
  return fetch(`http://${gate.gate.admin}/v1/cache/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what),
  })
}

/** Value of a field of a request as it reached the server; '' where there is none. */
function fieldOf(asked: Asked, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(asked.head)?.[1] ?? ''
}

const FOR_ONE = [
  ['an ETag and nothing else', 'Cookie', 'ETag: "v"\r\n'],
  ['no-cache', 'Cookie', 'Cache-Control: no-cache\r\nETag: "v"\r\n'],
  ['max-age=0, must-revalidate', 'Cookie', 'Cache-Control: max-age=0, must-revalidate\r\nETag: "v"\r\n'],
  ['Last-Modified, of which nothing is guessed', 'Cookie', `Last-Modified: ${httpDateIn(-864_000)}\r\n`],
  ['an Age beyond its max-age', 'Cookie', 'Cache-Control: max-age=60, must-revalidate\r\nAge: 100\r\nETag: "v"\r\n'],
] as const

for (const threads of [1, 2]) {
  for (const [what, name, fields] of FOR_ONE) {
    test(`an answer with ${what} is for the one who asked, whoever waits for it meanwhile (${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      const asked = ask(at.origin, '/me')
      const users = ['alice', 'bob', 'carol', 'dave', 'eve', 'frank']
      const clients = await join(at, '/me', [`${name}: alice\r\n`])
      await until(() => asked.length === 1)
      clients.push(
        ...(await join(
          at,
          '/me',
          users.slice(1).map((user) => `${name}: ${user}\r\n`),
        )),
      )
      assert.equal(asked.length, 1, 'they wait, as it might have been for all')
      const answer = (one: Asked): void => one.answer(`for ${fieldOf(one, name)}`, fields)
      answer(asked[0]!)
      // Side by side: none of them is answered before all of them have asked.
      await until(
        () => asked.length === users.length,
        () => asked.length,
      )
      for (const one of asked.slice(1)) answer(one)
      const answers = await responses(clients)
      assert.deepEqual(
        answers.map(({ body }) => body),
        users.map((user) => `for ${user}`),
      )
      for (const each of answers) assert.doesNotMatch(each.head, /collapsed|; hit/)
      await finished(at, [at.client, ...clients])
    })
  }

  test(`an answer that is fresh is shared with all who wait, whatever they say of older ones (${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked = ask(at.origin, '/page')
    const clients = await join(at, '/page', [''])
    await until(() => asked.length === 1)
    const says = ['', 'Cache-Control: no-cache\r\n', 'Cache-Control: max-age=0\r\n', 'Pragma: no-cache\r\n', '']
    clients.push(...(await join(at, '/page', says)))
    asked[0]?.answer('the page', FRESH)
    assert.deepEqual(bodies(await responses(clients)), { 'the page': 6 })
    assert.equal(at.origin.count('/page'), 1)
    await finished(at, [at.client, ...clients])
  })

  test(`fields of a fresh answer that are for the one who asked reach nobody who waits (RFC 9111 §5.2.2; ${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked = ask(at.origin, '/page')
    const leader = await join(at, '/page', [''])
    await until(() => asked.length === 1)
    const others = await join(at, '/page', ['', '', ''])
    const control = 'Cache-Control: max-age=60, private="x-me", no-cache="set-cookie"\r\n'
    asked[0]?.answer('the page', `${control}X-Me: alice\r\nSet-Cookie: session=1\r\n`)
    const [first] = await responses(leader)
    assert.deepEqual([first?.field('x-me'), first?.field('set-cookie')], ['alice', 'session=1'])
    const rest = [...(await responses(others)), await get(at.gate.port, '/page')]
    for (const answer of rest) {
      assert.deepEqual([answer.body, answer.field('x-me'), answer.field('set-cookie')], ['the page', null, null])
    }
    assert.equal(asked.length, 1)
    await finished(at, [at.client, ...leader, ...others])
  })

  for (const [what, renews, shared] of [
    ['makes fresh is for all who wait', FRESH, true],
    ['leaves stale is not', 'Cache-Control: max-age=60, must-revalidate\r\nAge: 100\r\n', false],
    ['makes one to be asked about each time is not', 'Cache-Control: no-cache\r\n', false],
  ] as const) {
    test(`a copy that a 304 ${what} (${threads} threads)`, async () => {
      await using at = await shop({ keep: '1h' }, { threads })
      const asked: Asked[] = []
      const old = 'Cache-Control: max-age=60, must-revalidate\r\nAge: 100\r\nETag: "v"\r\n'
      at.origin.on('/page', (one, n) => (n === 1 ? one.answer('the page', old) : asked.push(one)))
      await get(at.gate.port, '/page')
      const clients = await join(at, '/page', [''])
      await until(() => asked.length === 1)
      clients.push(...(await join(at, '/page', ['', '', '', ''])))
      assert.equal(asked.length, 1)
      const answer = (one: Asked): void =>
        one.say(`HTTP/1.1 304 Not Modified\r\nETag: "v"\r\n${renews.includes('Age') ? '' : 'Age: 0\r\n'}${renews}\r\n`)
      for (const one of asked) assert.equal(fieldOf(one, 'if-none-match'), '"v"')
      answer(asked[0]!)
      if (!shared) {
        await until(
          () => asked.length === 5,
          () => asked.length,
        )
        for (const one of asked.slice(1)) {
          if (fieldOf(one, 'if-none-match') === '') one.answer('the page', renews)
          else answer(one)
        }
      }
      assert.deepEqual(bodies(await responses(clients)), { 'the page': 5 })
      assert.equal(asked.length, shared ? 1 : 5)
      await finished(at, [at.client, ...clients])
    })
  }

  for (const fields of ['ETag: "v"\r\n', 'Cache-Control: max-age=60, no-cache\r\nETag: "v"\r\n']) {
    test(`a stored copy that only its server can release, with ${fields.trim().replace('\r\n', ', ')}, is validated side by side (${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      const asked: Asked[] = []
      at.origin.on('/me', (one, n) => (n === 1 ? one.answer('the page', fields) : asked.push(one)))
      await get(at.gate.port, '/me')
      const clients = await join(
        at,
        '/me',
        Array.from({ length: 12 }, () => ''),
      )
      await until(
        () => asked.length === 12,
        () => asked.length,
      )
      for (const one of asked) assert.equal(fieldOf(one, 'if-none-match'), '"v"')
      for (const one of asked)
        one.say(`HTTP/1.1 304 Not Modified\r\nETag: "v"\r\n${fields.replace('ETag: "v"\r\n', '')}\r\n`)
      const answers = await responses(clients)
      assert.deepEqual(tally(answers.map(({ status, body }) => `${status} ${body}`)), { '200 the page': 12 })
      assert.equal(asked.length, 12)
      await finished(at, [at.client, ...clients])
    })
  }

  test(`who asks after a soft purge does not take what was fetched before it for fresh (${threads} threads)`, async () => {
    await using at = await shop({}, { threads, admin })
    const asked = ask(at.origin, '/page')
    const early = await join(at, '/page', ['', '', ''])
    await until(() => asked.length === 1)
    assert.equal((await order(at, 'purge', { url: 'http://shop.test/page', soft: true })).status, 200)
    const later = await join(at, '/page', ['', '', ''])
    at.origin.on('/page', (one) => one.answer('new', FRESH))
    asked[0]?.answer('old', FRESH)
    assert.deepEqual(bodies(await responses(later)), { new: 3 })
    const { old = 0, new: fetched = 0 } = bodies(await responses(early))
    assert.ok(old >= 1 && old + fetched === 3, `${old} old, ${fetched} new`)
    await finished(at, [at.client, ...early, ...later])
  })

  for (const by of ['the admin API', 'PURGE'] as const) {
    for (const phase of ['before its head', 'in its body'] as const) {
      test(`a purge by ${by} while a fetch is ${phase}: those who ask after it cause one more fetch, however many they are (${threads} threads)`, async () => {
        await using at = await shop({ purge: ['127.0.0.1'] }, { threads, admin })
        const asked = ask(at.origin, '/page')
        const first = await join(at, '/page', [''])
        await until(() => asked.length === 1)
        if (phase === 'in its body') {
          asked[0]?.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 6\r\n\r\nold`)
          await until(() => first[0]?.pending.includes('old') === true)
        }
        if (by === 'PURGE') {
          const order = at.client.send('PURGE /page HTTP/1.1\r\nHost: shop.test\r\n\r\n')
          assert.equal((await order.response()).status, 200)
        } else assert.equal((await order(at, 'purge', { url: 'http://shop.test/page' })).status, 200)
        const later = await join(
          at,
          '/page',
          Array.from({ length: 50 }, () => ''),
        )
        if (phase === 'in its body') asked[0]?.say('old')
        else asked[0]?.answer('oldold', FRESH)
        assert.equal((await first[0]?.response())?.body, 'oldold')
        await until(() => asked.length === 2)
        await meanwhile(30)
        asked[1]?.answer('new', FRESH)
        assert.deepEqual(bodies(await responses(later)), { new: 50 })
        assert.equal(asked.length, 2)
        assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit/)
        await finished(at, [at.client, ...first, ...later])
      })
    }
  }

  for (const [what, path, body] of [
    ['purge by tag', 'purge', { tags: ['a'] }],
    ['ban', 'ban', { expression: 'obj.http.x-a == 1' }],
  ] as const) {
    test(`a ${what} during a fetch: those who ask after it have another one only if it means what came (${threads} threads)`, async () => {
      for (const meant of [true, false]) {
        await using at = await shop({}, { threads, admin })
        const asked = ask(at.origin, '/page')
        const first = await join(at, '/page', [''])
        await until(() => asked.length === 1)
        assert.equal((await order(at, path, body)).status, 200)
        const later = await join(
          at,
          '/page',
          Array.from({ length: 10 }, () => ''),
        )
        asked[0]?.answer('old', `${FRESH}${meant ? 'xkey: a\r\nX-A: 1\r\n' : ''}`)
        if (meant) await until(() => asked.length === 2)
        asked[1]?.answer('new', FRESH)
        assert.deepEqual(bodies(await responses(later)), { [meant ? 'new' : 'old']: 10 })
        assert.deepEqual(bodies(await responses(first)), { old: 1 })
        assert.equal(asked.length, meant ? 2 : 1)
        await finished(at, [at.client, ...first, ...later])
      }
    })
  }

  for (const [what, coalesce, before, answer] of [
    ['beyond the line for one fetch', { max: 1, timeout: '5s', otherwise: 'fetch' }, null, FRESH],
    ['without a line for it', false, null, FRESH],
    ['of what was private before', true, 'Cache-Control: private\r\n', FRESH],
    ['of a variant, which then varies by more', true, `${FRESH}Vary: X-A\r\n`, `${FRESH}Vary: X-A, X-B\r\n`],
  ] as const) {
    test(`a fetch ${what}, under way when a POST to its target succeeds, is not stored for those who ask later (RFC 9111 §4.4; ${threads} threads)`, async () => {
      await using at = await shop({ coalesce }, { threads })
      const asked: Asked[] = []
      let clients: Client[] = []
      if (before !== null) {
        at.origin.on('/page', (one) => one.answer('first', before))
        await at.client.get('/page').response()
      }
      at.origin.on('/page', (one) => (one.head.startsWith('POST') ? one.answer('done') : asked.push(one)))
      clients = await join(at, '/page', before === null ? ['', '', ''] : ['X-A: 1\r\n'])
      await until(() => asked.length >= (before === null ? 2 : 1))
      const changed = at.client.send('POST /page HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n')
      assert.equal((await changed.response()).body, 'done')
      for (const one of asked) one.answer('old', answer)
      assert.deepEqual(bodies(await responses(clients)), { old: clients.length })
      at.origin.on('/page', (one) => one.answer('new', FRESH))
      for (const later of await Promise.all(
        Array.from({ length: 4 }, () => get(at.gate.port, '/page', 'X-A: 1\r\n')),
      )) {
        assert.equal(later.body, 'new')
      }
      await finished(at, [at.client, ...clients])
    })
  }

  for (const method of ['POST', 'PUT', 'DELETE']) {
    test(`a fetch under way when a ${method} to its target succeeds is only for those who asked before (RFC 9111 §4.4; ${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      const asked: Asked[] = []
      at.origin.on('/page', (one) => (one.head.startsWith(method) ? one.answer('done') : asked.push(one)))
      const early = await join(at, '/page', [''])
      await until(() => asked.length === 1)
      early.push(...(await join(at, '/page', ['', '', ''])))
      const changed = at.client.send(`${method} /page HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n`)
      assert.equal((await changed.response()).body, 'done')
      const later = await join(at, '/page', ['', '', '', ''])
      // They do not wait for the fetch of old.
      await until(() => asked.length === 2)
      asked[1]?.answer('new', FRESH)
      assert.deepEqual(bodies(await responses(later)), { new: 4 })
      asked[0]?.answer('old', FRESH)
      assert.deepEqual(bodies(await responses(early)), { old: 4 })
      await meanwhile(20)
      for (const answer of await Promise.all(Array.from({ length: 4 }, () => get(at.gate.port, '/page')))) {
        assert.equal(answer.body, 'new', 'what was fetched before the change does not come back')
      }
      assert.equal(asked.length, 2)
      await finished(at, [at.client, ...early, ...later])
    })
  }
}

for (const condition of ['If-Match: "x"', 'If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT']) {
  const name = condition.slice(0, condition.indexOf(':'))
  test(`a GET with ${name} is for the server, whatever is stored or under way, and its 412 is for nobody else (RFC 9110 §13.1)`, async () => {
    await using at = await shop({}, { threads: 2 })
    const asked: Asked[] = []
    at.origin.on('/page', (one) => {
      if (fieldOf(one, name) === '') asked.push(one)
      else one.answer('no', FRESH, '412 Precondition Failed')
    })
    // While nothing is stored or under way.
    assert.equal((await get(at.gate.port, '/page', `${condition}\r\n`)).status, 412)
    // While somebody fetches.
    const clients = await join(at, '/page', [''])
    await until(() => asked.length === 1)
    assert.equal((await get(at.gate.port, '/page', `${condition}\r\n`)).status, 412)
    asked[0]?.answer('the page', FRESH)
    assert.deepEqual(bodies(await responses(clients)), { 'the page': 1 })
    // While it is stored and fresh.
    assert.equal((await get(at.gate.port, '/page', `${condition}\r\n`)).status, 412)
    const stored = await get(at.gate.port, '/page')
    assert.deepEqual([stored.status, stored.body], [200, 'the page'])
    assert.equal(at.origin.count('/page'), 4)
    // Without the server nobody can say whether it is met (RFC 9111 §5.2.1.7).
    const only = `${condition}\r\nCache-Control: only-if-cached\r\n`
    assert.equal(verdictOf(await get(at.gate.port, '/page', only)), '504 not_cached')
    assert.equal(verdictOf(await get(at.gate.port, '/none', only)), '504 not_cached')
    assert.equal(at.origin.count('/page'), 4)
    await finished(at, [at.client, ...clients])
  })
}

test('a 416 to a range that was passed on is not stored for those who want the whole (RFC 9110 §14.2)', async () => {
  await using at = await shop()
  at.origin.on('/page', (asked, n) => {
    if (n === 1) return asked.answer('mine', `${FRESH}Set-Cookie: a=b\r\n`)
    if (fieldOf(asked, 'range') !== '') return asked.answer('', FRESH, '416 Range Not Satisfiable')
    asked.answer('the page', FRESH)
  })
  await at.client.get('/page').response()
  assert.equal((await at.client.get('/page', 'Range: bytes=999-\r\n').response()).status, 416)
  assert.match(at.origin.last('/page'), /\r\nrange: bytes=999-/i)
  const whole = await at.client.get('/page').response()
  assert.deepEqual([whole.status, whole.body], [200, 'the page'])
  assert.equal(at.origin.count('/page'), 3)
  await finished(at, [at.client])
})
