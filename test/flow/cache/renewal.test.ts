/** What a 304, or the answer to a HEAD, changes of a stored response, and for whom (RFC 9111 §4.3.3-§4.3.5): nobody gets what was said to another, or about something else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, requestsBegun, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const admin = { bind: '127.0.0.1:0' }

/** Field lines of an answer that has been stale for so many seconds when it comes. */
function late(seconds: number, more = ''): string {
  return `Cache-Control: max-age=60${more}\r\nAge: ${60 + seconds}\r\n`
}

function notModified(asked: Asked, fields: string): void {
  asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`)
}

/** Whether the request that reached the server has this field. */
function has(asked: Asked, name: string): boolean {
  return new RegExp(`^${name}:`, 'im').test(asked.head)
}

function isHead(asked: Asked): boolean {
  return asked.head.startsWith('HEAD')
}

/** Says the head of an answer whose body, for a GET, is `old`. */
function sayHead(asked: Asked, fields: string): void {
  asked.say(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 3\r\n\r\n${isHead(asked) ? '' : 'old'}`)
}

function head({ client }: Shop, path: string, fields = ''): Promise<Answered> {
  return client.send(`HEAD ${path} HTTP/1.1\r\nHost: shop.test\r\n${fields}\r\n`).response('HEAD')
}

/** The same request from many connections, so that every thread is asked. */
function many({ gate }: Shop, path: string, fields = ''): Promise<Answered[]> {
  return Promise.all(Array.from({ length: 6 }, () => get(gate.port, path, fields)))
}

async function done(at: Shop, clients: readonly Client[] = []): Promise<void> {
  for (const client of [at.client, ...clients]) client[Symbol.dispose]()
  await settled(at.gate.gate)
}

const DIRECTIVE = [
  ['with Authorization', 'Authorization: Basic YTpi\r\n'],
  ['with Cache-Control: no-store', 'Cache-Control: no-store\r\n'],
] as const

for (const threads of [1, 2]) {
  for (const [what, fields] of DIRECTIVE) {
    test(`the answer to a HEAD ${what} freshens nothing that is stored for others (RFC 9111 §3.5, §5.2.1.5; ${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      at.origin.on('/page', (asked, n) => {
        if (isHead(asked)) sayHead(asked, `${FRESH}ETag: "v"\r\nX-For: one\r\n`)
        else if (n === 1) asked.answer('old', `${late(20)}ETag: "v"\r\nX-For: all\r\n`)
        else notModified(asked, `ETag: "v"\r\nAge: 0\r\n${FRESH}`)
      })
      await at.client.get('/page').response()
      assert.equal((await head(at, '/page', fields)).field('x-for'), 'one')
      const next = await at.client.get('/page').response()
      assert.deepEqual([next.body, next.field('x-for')], ['old', 'all'])
      assert.equal(at.origin.count('/page'), 3, 'it was as stale as before')
      assert.match(at.origin.last('/page'), /\r\nif-none-match: "v"/i)
      await done(at)
    })

    test(`the answer to a HEAD ${what} ends the freshness of nothing that is stored for others (${threads} threads)`, async () => {
      await using at = await shop({}, { threads })
      at.origin.on('/page', (asked) => sayHead(asked, `${FRESH}ETag: "${isHead(asked) ? 'one' : 'all'}"\r\n`))
      await at.client.get('/page').response()
      const insists =
        fields.replace('no-store', 'no-store, no-cache') + (fields.includes('no-store') ? '' : 'Pragma: no-cache\r\n')
      assert.equal((await head(at, '/page', insists)).field('etag'), '"one"')
      for (const answer of await many(at, '/page')) {
        assert.match(answer.field('cache-status') ?? '', /^gate; hit/)
        assert.equal(answer.field('etag'), '"all"')
      }
      assert.equal(at.origin.count('/page'), 2)
      await done(at)
    })
  }

  test(`the answer to a HEAD without either freshens the stored copy for all (RFC 9111 §4.3.5; ${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    at.origin.on('/page', (asked, n) => sayHead(asked, `${n === 1 ? late(20) : FRESH}ETag: "v"\r\nX-N: ${n}\r\n`))
    await at.client.get('/page').response()
    await head(at, '/page')
    for (const answer of await many(at, '/page')) {
      assert.deepEqual([answer.body, answer.field('x-n')], ['old', '2'])
      assert.match(answer.field('cache-status') ?? '', /^gate; hit; ttl=(60|59)/)
    }
    assert.equal(at.origin.count('/page'), 2)
    await done(at)
  })

  for (const by of ['a 304', 'a HEAD'] as const) {
    for (const [before, after] of [
      ['', 'X-User'],
      ['', '*'],
      ['X-User', 'X-User, X-Shop'],
      ['X-User', '*'],
    ] as const) {
      test(`${by} that brings Vary: ${after} in place of ${before === '' ? 'none' : before}: nobody else gets the stored copy again (RFC 9111 §4.1; ${threads} threads)`, async () => {
        await using at = await shop({}, { threads })
        const old = `${late(20)}ETag: "v"\r\n${before === '' ? '' : `Vary: ${before}\r\n`}`
        const renews = `ETag: "v"\r\nAge: 0\r\n${FRESH}Vary: ${after}\r\n`
        at.origin.on('/page', (asked, n) => {
          if (n === 1) asked.answer('old', old)
          else if (n > 2) asked.answer(`new ${n}`, `${FRESH}Vary: ${after}\r\nETag: "w"\r\n`)
          else if (isHead(asked)) sayHead(asked, renews)
          else notModified(asked, renews)
        })
        const alice = 'X-User: alice\r\nX-Shop: a\r\n'
        await at.client.get('/page', alice).response()
        if (by === 'a HEAD') assert.equal((await head(at, '/page', alice)).status, 200)
        else {
          const served = await at.client.get('/page', alice).response()
          assert.deepEqual([served.status, served.body], [200, 'old'])
        }
        for (const user of ['X-User: bob\r\n', 'X-User: alice\r\nX-Shop: b\r\n', alice]) {
          for (const answer of await many(at, '/page', user)) assert.match(answer.body, /^new /, user)
        }
        assert.ok(
          at.origin
            .heads('/page')
            .slice(2, 3)
            .every((one) => !/if-none-match/i.test(one)),
        )
        await done(at)
      })
    }
  }

  test(`a 304 about another ETag than the stored one is no validation: the client gets the whole answer to a question without conditions (RFC 9111 §4.3.4; ${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked = otherTag(at.origin, '/page', `${late(20, ', must-revalidate')}ETag: "a"\r\n`)
    await at.client.get('/page').response()
    const clients: Client[] = []
    for (let k = 0; k < 6; k++)
      clients.push((await Client.connect(at.gate.port)).get('/page', 'If-None-Match: "c"\r\n'))
    await until(() => asked.length === 1)
    await requestsBegun(at.gate.gate, 7)
    await meanwhile(30)
    assert.equal(asked.length, 1)
    assert.match(asked[0]?.head ?? '', /\r\nif-none-match: "a"/i)
    notModified(asked[0]!, 'ETag: "b"\r\n')
    await until(() => asked.length === 2)
    for (const name of ['if-none-match', 'if-modified-since']) assert.ok(!has(asked[1]!, name), name)
    asked[1]?.answer('new', `${FRESH}ETag: "b"\r\n`)
    for (const client of clients) {
      const answer = await client.response()
      assert.deepEqual([answer.status, answer.body, answer.field('etag')], [200, 'new', '"b"'])
    }
    assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit/)
    assert.equal(at.origin.count('/page'), 3)
    await done(at, clients)
  })

  test(`in the background it is no validation either: the page is fetched whole, behind the back of the visitors (${threads} threads)`, async () => {
    await using at = await shop({ grace: '1m' }, { threads })
    const asked = otherTag(at.origin, '/page', `${late(20)}ETag: "a"\r\n`)
    await at.client.get('/page').response()
    assert.equal((await at.client.get('/page').response()).body, 'old')
    await until(() => asked.length === 1)
    notModified(asked[0]!, 'ETag: "b"\r\n')
    await until(() => asked.length === 2)
    assert.ok(!has(asked[1]!, 'if-none-match'))
    assert.equal((await at.client.get('/page').response()).body, 'old')
    asked[1]?.answer('new', `${FRESH}ETag: "b"\r\n`)
    await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
    for (const answer of await many(at, '/page')) assert.deepEqual([answer.body, answer.field('etag')], ['new', '"b"'])
    assert.equal(at.origin.count('/page'), 3)
    await done(at)
  })

  test(`what a 304 sets for the one who asked he gets once, and nobody else ever (RFC 9111 §3.1, §5.2.2; ${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const asked: Asked[] = []
    const old = `${late(20, ', must-revalidate')}ETag: "a"\r\n`
    at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', old) : asked.push(one)))
    await at.client.get('/page').response()
    at.client.get('/page')
    await until(() => asked.length === 1)
    const others: Client[] = []
    for (let k = 0; k < 6; k++) others.push((await Client.connect(at.gate.port)).get('/page'))
    await requestsBegun(at.gate.gate, 8)
    await meanwhile(30)
    const own = ['Set-Cookie: session=renewed', 'X-Me: alice', 'X-Mine: too']
    const control = 'Cache-Control: max-age=60, private="x-me", no-cache="x-mine"\r\n'
    notModified(asked[0]!, `ETag: "a"\r\nAge: 0\r\n${control}${own.join('\r\n')}\r\n`)
    const first = await at.client.response()
    assert.deepEqual([first.status, first.body], [200, 'old'])
    for (const line of own) assert.equal(first.head.toLowerCase().split(line.toLowerCase()).length, 2, first.head)
    const rest = [...(await Promise.all(others.map((other) => other.response()))), ...(await many(at, '/page'))]
    for (const answer of rest) {
      assert.deepEqual([answer.status, answer.body], [200, 'old'])
      for (const name of ['set-cookie', 'x-me', 'x-mine']) assert.equal(answer.field(name), null, answer.head)
    }
    assert.equal(at.origin.count('/page'), 2)
    await done(at, others)
  })

  for (const by of ['a 304', 'a HEAD'] as const) {
    for (const [stored, now] of [
      ['Cache-Control: max-age=60, private="x-user"', ''],
      ['Cache-Control: max-age=60, no-cache="x-user"', ''],
      ['Cache-Control: max-age=60, private="x-user"', 'Cache-Control: max-age=60'],
      ['Cache-Control: max-age=60\r\nCDN-Cache-Control: max-age=60, private="x-user"', 'Cache-Control: max-age=60'],
      ['Cache-Control: max-age=60', 'Cache-Control: max-age=60, private="x-user"'],
    ] as const) {
      const what = `stored with ${stored.replace('\r\n', ' and ')}, renewed by ${by} with ${now === '' ? 'no word of it' : now}`
      test(`what is for one client stays his when the copy is renewed: ${what} (RFC 9111 §3.1, §3.2; ${threads} threads)`, async () => {
        await using at = await shop({}, { threads })
        at.origin.on('/page', (asked, n) => {
          const fields = `ETag: "v"\r\nX-N: ${n}\r\nX-User: ${n === 1 ? 'alice' : 'bob'}\r\n`
          if (n === 1) asked.answer('old', `${stored}\r\nAge: 80\r\n${fields}`)
          else if (isHead(asked)) sayHead(asked, `${now === '' ? '' : `${now}\r\n`}${fields}`)
          else notModified(asked, `${now === '' ? '' : `${now}\r\n`}${fields}`)
        })
        assert.equal((await at.client.get('/page').response()).field('x-user'), 'alice')
        const renewed = by === 'a HEAD' ? await head(at, '/page') : await at.client.get('/page').response()
        assert.equal(renewed.head.match(/^x-user: bob\r?$/gim)?.length, 1, renewed.head)
        for (const answer of await many(at, '/page'))
          assert.deepEqual([answer.body, answer.field('x-n'), answer.field('x-user')], ['old', '2', null])
        assert.equal(at.origin.count('/page'), 2)
        await done(at)
      })
    }
  }

  for (const renews of [
    `${FRESH}Age: 0\r\nVary: X-User\r\n`,
    `${FRESH}Age: 0\r\nVary: *\r\n`,
    'Cache-Control: private\r\n',
    'Cache-Control: no-store\r\n',
    'Cache-Control: no-cache\r\n',
  ]) {
    test(`those who wait for a 304 do not get the copy that it takes away from them, not even as one for bad times: ${renews.trim().replaceAll('\r\n', ', ')} (${threads} threads)`, async () => {
      await using at = await shop({ graceUnderPressure: '1h' }, { threads })
      const asked: Asked[] = []
      const old = `${late(600)}ETag: "v"\r\n`
      at.origin.on('/page', (one, n) => (n === 1 ? one.answer('old', old) : asked.push(one)))
      await get(at.gate.port, '/page')
      const leader = get(at.gate.port, '/page', 'X-User: alice\r\n')
      await until(() => asked.length === 1)
      const others = ['bob', 'carol', 'dave'].map((user) => get(at.gate.port, '/page', `X-User: ${user}\r\n`))
      await requestsBegun(at.gate.gate, 5)
      await meanwhile(30)
      at.origin.on('/page', (one) => one.answer('new', FRESH))
      notModified(asked[0]!, `ETag: "v"\r\n${renews}`)
      for (const { body } of await Promise.all(others)) assert.equal(body, 'new')
      assert.equal((await leader).body, 'old')
      assert.equal(asked.length, 1)
      await done(at)
    })
  }

  for (const [what, ask, forCache, control, left] of [
    ['that others may not have any more', '', 'no-store', 'private, no-store', -2],
    ['that cannot be read', '', ';', 'private="x', -2],
    ['that differs by request from now on', '', 'max-age=5\r\nVary: X-User', 'max-age=7', 3],
    ['for a known user', 'Authorization: Basic YTpi\r\n', 'max-age=5', 'max-age=7', 3],
  ] as const) {
    for (const condition of ['', 'If-None-Match: "v"\r\n']) {
      test(`who validates a copy ${what} is told what its server says of it now, ${condition === '' ? 'with' : 'without'} content (RFC 9111 §4.3.4; ${threads} threads)`, async () => {
        await using at = await shop({}, { threads })
        const old = 'CDN-Cache-Control: max-age=60\r\nAge: 80\r\nCache-Control: max-age=3600\r\n'
        const now = `CDN-Cache-Control: ${forCache}\r\nAge: 2\r\nCache-Control: ${control}\r\n`
        at.origin.on('/page', (asked, n) => {
          if (n === 1) asked.answer('old', `${old}ETag: "v"\r\nX-N: 1\r\n`)
          else notModified(asked, `${now}ETag: "v"\r\nX-N: ${n}\r\n`)
        })
        await at.client.get('/page').response()
        const answer = await at.client.get('/page', ask + condition).response()
        assert.deepEqual([answer.status, answer.body], condition === '' ? [200, 'old'] : [304, ''])
        const told = ['x-n', 'cache-control', 'age'].map((name) => answer.field(name))
        assert.deepEqual(told, ['2', control, '2'])
        assert.match(
          answer.field('cache-status') ?? '',
          new RegExp(`fwd-status=304; ttl=(${left}|${left - 1}); detail=`),
        )
        assert.ok(!(await stored(at, '/page')))
        await done(at)
      })
    }
  }

  for (const grace of ['0s', '1h']) {
    test(`where the server takes one request at a time, the question without conditions goes in the place of the first, ${grace === '0s' ? 'for its client' : 'in the background'} (${threads} threads)`, async () => {
      await using origin = await CacheOrigin.listen()
      const pool = { servers: [{ address: origin.address, maxConnections: 1 }] }
      await using gate = await caching(origin, { grace }, { threads, pools: { shop: pool } })
      const asked = otherTag(origin, '/page', `${late(20)}ETag: "a"\r\n`)
      await get(gate.port, '/page')
      const answer = get(gate.port, '/page')
      await until(() => asked.length === 1)
      origin.on('/page', (one) => one.answer('new', `${FRESH}ETag: "b"\r\n`))
      notModified(asked[0]!, 'ETag: "b"\r\n')
      assert.equal((await answer).body, grace === '0s' ? 'new' : 'old')
      await settled(gate.gate)
      for (let k = 0; k < 3; k++) assert.equal((await get(gate.port, '/page')).body, 'new')
      assert.equal(origin.count('/page'), 3)
      await settled(gate.gate)
    })
  }

  test(`it has no conditions and no range either when the client that asked first has left (${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const { asked, others } = await left(at)
    notModified(asked[0]!, 'ETag: "b"\r\n')
    await until(() => asked.length === 2)
    for (const name of ['if-none-match', 'range', 'if-range']) assert.ok(!has(asked[1]!, name), name)
    asked[1]?.answer('new', `${FRESH}ETag: "b"\r\n`)
    for (const client of others) assert.equal((await client.response()).body, 'new')
    assert.equal(asked.length, 2)
    await done(at, others)
  })

  test(`a client that leaves while it validates leaves the copy renewed for those who wait (${threads} threads)`, async () => {
    await using at = await shop({}, { threads })
    const { asked, others } = await left(at)
    notModified(asked[0]!, `ETag: "a"\r\nAge: 0\r\n${FRESH}`)
    for (const client of others) assert.equal((await client.response()).body, 'old')
    assert.match((await get(at.gate.port, '/page')).field('cache-status') ?? '', /^gate; hit; ttl=\d/)
    assert.equal(asked.length, 1)
    await done(at, others)
  })

  test(`a 304 in the background that takes the copy away from others: nobody gets it any more (${threads} threads)`, async () => {
    for (const takes of [
      'Vary: X-User\r\n',
      'Vary: *\r\n',
      'Cache-Control: private\r\n',
      'Cache-Control: no-store\r\n',
    ]) {
      await using at = await shop({ grace: '1h' }, { threads })
      const asked = otherTag(at.origin, '/page', `${late(20)}ETag: "a"\r\n`)
      await at.client.get('/page').response()
      assert.equal((await at.client.get('/page').response()).body, 'old')
      await until(() => asked.length === 1)
      at.origin.on('/page', (one) => one.answer('new', FRESH))
      notModified(asked[0]!, `ETag: "a"\r\nAge: 0\r\n${takes}`)
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
      for (const { body } of await many(at, '/page')) assert.equal(body, 'new', takes)
      await done(at)
    }
  })

  test(`nor does anybody get what a 304 in the background sets (${threads} threads)`, async () => {
    await using at = await shop({ grace: '1m' }, { threads })
    at.origin.on('/page', (asked, n) => {
      if (n === 1) asked.answer('old', `${late(20)}ETag: "a"\r\n`)
      else notModified(asked, `ETag: "a"\r\nAge: 0\r\n${FRESH}Set-Cookie: session=renewed\r\nX-Seen: ${n}\r\n`)
    })
    await at.client.get('/page').response()
    assert.equal((await at.client.get('/page').response()).field('set-cookie'), null)
    await until(() => at.origin.count('/page') === 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
    for (const answer of await many(at, '/page')) {
      assert.deepEqual([answer.body, answer.field('x-seen'), answer.field('set-cookie')], ['old', '2', null])
    }
    await done(at)
  })
}

/** A client asks whether the copy is still right, which others wait for, and leaves. */
async function left(at: Shop): Promise<{ readonly asked: Asked[]; readonly others: Client[] }> {
  const asked = otherTag(at.origin, '/page', `${late(20, ', must-revalidate')}ETag: "a"\r\n`)
  await at.client.get('/page').response()
  const leader = await Client.connect(at.gate.port)
  leader.get('/page', 'If-None-Match: "c"\r\nRange: bytes=0-0\r\nIf-Range: "c"\r\n')
  await until(() => asked.length === 1)
  const others: Client[] = []
  for (let k = 0; k < 2; k++) others.push((await Client.connect(at.gate.port)).get('/page'))
  await requestsBegun(at.gate.gate, 4)
  await meanwhile(30)
  leader.reset()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 3)
  return { asked, others }
}

/** A path whose copy is about ETag "a"; each request after the first is handed to the test. */
function otherTag(origin: CacheOrigin, path: string, fields: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one, n) => (n === 1 ? one.answer('old', fields) : asked.push(one)))
  return asked
}

test('cookies of a 304 that is for all are stored where the route allows it, and each answer has them once', async () => {
  await using at = await shop({ setCookie: 'when-public' })
  at.origin.on('/page', (asked, n) => {
    if (n === 1) asked.answer('old', `${late(20)}ETag: "a"\r\n`)
    else notModified(asked, 'ETag: "a"\r\nAge: 0\r\nCache-Control: public, max-age=60\r\nSet-Cookie: shop=1\r\n')
  })
  await at.client.get('/page').response()
  for (let k = 0; k < 3; k++) {
    const answer = await at.client.get('/page').response()
    assert.equal(answer.head.match(/set-cookie: shop=1/gi)?.length, 1, answer.head)
  }
  assert.equal(at.origin.count('/page'), 2)
  await done(at)
})

async function purge({ gate }: Shop, tags: readonly string[]): Promise<void> {
  const order = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tags }),
  }
  assert.equal((await fetch(`http://${gate.gate.admin}/v1/cache/purge`, order)).status, 200)
}

/** Whether a path is served from the store. */
async function stored({ gate }: Shop, path: string): Promise<boolean> {
  return /^gate; hit/.test((await get(gate.port, path)).field('cache-status') ?? '')
}

for (const field of ['Surrogate-Key', 'xkey', 'Cache-Tag']) {
  test(`the ${field} of a 304 takes the place of the stored one: a purge by the new tag finds the copy, one by the old does not`, async () => {
    await using at = await shop({}, { threads: 2, admin })
    at.origin.on('/page', (asked, n) => {
      if (!has(asked, 'if-none-match')) asked.answer(`page ${n}`, `${late(20)}ETag: "a"\r\n${field}: old both\r\n`)
      else notModified(asked, `ETag: "a"\r\nAge: 0\r\n${FRESH}${field}: new both\r\n`)
    })
    await get(at.gate.port, '/page')
    await get(at.gate.port, '/page')
    assert.ok(await stored(at, '/page'))
    await purge(at, ['old'])
    assert.ok(await stored(at, '/page'))
    await purge(at, ['new'])
    assert.equal((await get(at.gate.port, '/page')).body, 'page 3')
    await done(at)
  })
}

test('a comma separates the tags of Cache-Tag only', async () => {
  await using at = await shop({}, { threads: 2, admin })
  for (const field of ['Surrogate-Key', 'xkey', 'Cache-Tag']) {
    const path = `/${field.toLowerCase()}`
    at.origin.says(path, `${FRESH}${field}: a,b c\r\n`)
    for (const [tag, finds] of [
      ['a', field === 'Cache-Tag'],
      ['b', field === 'Cache-Tag'],
      ['a,b', field !== 'Cache-Tag'],
      ['c', true],
    ] as const) {
      await get(at.gate.port, path)
      assert.ok(await stored(at, path))
      await purge(at, [tag])
      assert.equal(await stored(at, path), !finds, `${field}, ${tag}`)
    }
  }
  await done(at)
})
