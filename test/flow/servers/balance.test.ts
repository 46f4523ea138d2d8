/** Which server gets a request: every policy, backup servers and sticky cookies, seen from the servers' side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNLIMITED } from '../../../src/config/model.ts'
import type { PoolUsage } from '../../../src/run/status/usage.ts'
import { Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate, type Running } from '../../kit/headgate.ts'
import { Origin } from '../../kit/origin.ts'
import { settled, tally, until, verdictOf } from '../../kit/settle.ts'

/** One after the other on one connection; the letters of the servers that answered. */
async function ask(hg: Running, paths: readonly string[], fields = ''): Promise<string[]> {
  using client = await Client.connect(hg.port)
  const letters: string[] = []
  for (const path of paths) letters.push((await client.get(path, fields).response()).body)
  return letters
}

const paths = (n: number): string[] => Array.from({ length: n }, (_, i) => `/item/${i}`)

/** Sends requests that the servers hold, each only when the one before has arrived. */
async function pile(hg: Running, farm: Farm, n: number, path = '/'): Promise<Promise<number>[]> {
  const answers: Promise<number>[] = []
  const before = farm.order.length
  for (let i = 0; i < n; i++) {
    answers.push(get(hg.port, path).then((answer) => answer.status))
    await farm.came(before + i + 1)
  }
  return answers
}

test('round robin gives each server exactly its weight, smoothly, over and over', async () => {
  await using farm = await Farm.listen(3)
  const weights = [5, 2, 1]
  const servers = farm.addresses.map((address, i) => ({ address, weight: weights[i] }))
  await using hg = await headgate({ pools: { shop: { servers } } })
  const letters = await ask(hg, paths(80))
  for (let round = 0; round < 10; round++) {
    assert.deepEqual(tally(letters.slice(round * 8, round * 8 + 8)), { a: 5, b: 2, c: 1 })
  }
  assert.equal(letters.slice(0, 8).join(''), 'abaacaba', 'as nginx does it: nobody gets its whole share at a stretch')
  assert.doesNotMatch(letters.join(''), /aaaa|bb|cc/)
})

test('equal servers take turns, and one of weight 0 gets nothing', async () => {
  await using farm = await Farm.listen(4)
  const servers = farm.addresses.map((address, i) => ({ address, weight: i === 3 ? 0 : 1 }))
  await using hg = await headgate({ pools: { shop: { servers } } })
  assert.equal((await ask(hg, paths(9))).join(''), 'abcabcabc')
})

test('the share of a full server goes to the others by their weights', async () => {
  await using farm = await Farm.listen(3, true)
  const servers = farm.addresses.map((address, i) => ({
    address,
    weight: [1, 2, 1][i],
    maxConnections: [1, 100, 100][i],
  }))
  await using hg = await headgate({ pools: { shop: { servers } } })
  const answers = await pile(hg, farm, 22)
  const [a, b = 0, c = 0] = farm.loads
  assert.equal(a, 1, 'never above its limit')
  assert.equal(b + c, 21)
  assert.ok(Math.abs(b - 14) <= 1 && Math.abs(c - 7) <= 1, `two to one: ${b} to ${c}`)
  farm.releaseAll()
  assert.deepEqual(tally(await Promise.all(answers)), { 200: 22 })
  await settled(hg.gate)
})

test('least fills the emptiest server first, measured by weight', async () => {
  await using farm = await Farm.listen(3, true)
  const servers = farm.addresses.map((address, i) => ({ address, weight: i === 0 ? 2 : 1 }))
  await using hg = await headgate({ pools: { shop: { balance: 'least', servers } } })
  const answers = await pile(hg, farm, 8)
  assert.deepEqual(farm.loads, [4, 2, 2])
  farm.release('b')
  farm.release('b')
  await until(() => hg.gate.usage().pools[0]?.inUse === 6)
  const more = await pile(hg, farm, 2)
  assert.deepEqual(farm.loads, [4, 2, 2])
  assert.equal(farm.order.slice(8).join(''), 'bb', 'what became free is used first')
  farm.releaseAll()
  assert.deepEqual(tally(await Promise.all([...answers, ...more])), { 200: 10 })
})

test('two choices take the emptier of the two', async () => {
  await using farm = await Farm.listen(2, true)
  await using hg = await headgate({ pools: { shop: { balance: 'two-choices', servers: farm.addresses } } })
  const answers = await pile(hg, farm, 10)
  assert.deepEqual(farm.loads, [5, 5])
  for (let i = 0; i < 4; i++) farm.release('a')
  await until(() => hg.gate.usage().pools[0]?.inUse === 6)
  const more = await pile(hg, farm, 4)
  assert.equal(farm.order.slice(10).join(''), 'aaaa')
  farm.releaseAll()
  await Promise.all([...answers, ...more])
})

test('first fills one server before the next gets anything, and comes back to it', async () => {
  await using farm = await Farm.listen(3, true)
  const servers = farm.addresses.map((address) => ({ address, maxConnections: 2 }))
  await using hg = await headgate({ pools: { shop: { balance: 'first', servers } } })
  const answers = await pile(hg, farm, 5)
  assert.equal(farm.order.join(''), 'aabbc')
  farm.release('a')
  await until(() => hg.gate.usage().pools[0]?.inUse === 4)
  answers.push(...(await pile(hg, farm, 2)))
  assert.equal(farm.order.slice(5).join(''), 'ac')
  assert.equal(verdictOf(await get(hg.port, '/')), '503 pool_full')
  farm.releaseAll()
  await Promise.all(answers)
})

test('a path always leads to the same server, on every thread and every Headgate', async () => {
  await using farm = await Farm.listen(4)
  const pools = { shop: { balance: { hash: 'path' }, servers: farm.addresses } }
  await using one = await headgate({ threads: 2, pools })
  await using two = await headgate({
    threads: 1,
    pools: { shop: { ...pools.shop, servers: farm.addresses.toReversed() } },
  })
  const home = await ask(one, paths(40))
  assert.equal(new Set(home).size, 4, 'all four get some')
  for (let i = 0; i < 4; i++) assert.deepEqual(await ask(one, paths(40)), home, 'whichever thread it is')
  assert.deepEqual(await ask(two, paths(40)), home)
  assert.notDeepEqual(
    await ask(
      one,
      paths(40).map((path) => `${path}?a`),
    ),
    home,
    'the query belongs to it',
  )
})

test('of a drained server only its own keys move, and they come back to it', async () => {
  await using farm = await Farm.listen(4)
  await using hg = await headgate({ pools: { shop: { balance: { hash: 'path' }, servers: farm.addresses } } })
  const home = await ask(hg, paths(60))
  hg.gate.setAdminState('shop', farm.address('b'), 'drain')
  const away = await ask(hg, paths(60))
  for (const [i, letter] of away.entries()) {
    if (home[i] === 'b') assert.notEqual(letter, 'b')
    else assert.equal(letter, home[i], 'the others stay where they were')
  }
  assert.ok(new Set(away.filter((_, i) => home[i] === 'b')).size > 1, 'they spread over more than one server')
  hg.gate.setAdminState('shop', farm.address('b'), 'ready')
  assert.deepEqual(await ask(hg, paths(60)), home)
})

test('a field or a cookie chooses the server, whatever is asked for', async () => {
  await using farm = await Farm.listen(3)
  await using hg = await headgate({
    pools: {
      field: { balance: { hash: { header: 'X-User' } }, servers: farm.addresses },
      cookie: { balance: { hash: { cookie: 'session' } }, servers: farm.addresses },
    },
    routes: [{ to: 'field' }, { to: 'cookie', path: '/cookie' }],
  })
  const users = Array.from({ length: 20 }, (_, i) => `user-${i}`)
  const home: string[] = []
  for (const user of users) {
    const letters = await ask(hg, paths(3), `x-user: ${user}\r\n`)
    assert.equal(new Set(letters).size, 1)
    home.push(letters[0] ?? '')
  }
  assert.equal(new Set(home).size, 3)
  const shops: string[] = []
  for (const user of users) {
    const letters = await ask(hg, ['/cookie/1', '/cookie/2'], `Cookie: other=1; session=${user}; z=2\r\n`)
    assert.equal(new Set(letters).size, 1)
    shops.push(letters[0] ?? '')
  }
  assert.deepEqual(shops, home, 'the same key in another place is the same key')
  assert.equal(new Set(await ask(hg, paths(12))).size, 1, 'who has no such field goes by its address')
})

test('the address of the client chooses the server', { skip: process.platform !== 'linux' }, async () => {
  await using farm = await Farm.listen(3)
  await using hg = await headgate({ pools: { shop: { balance: { hash: 'address' }, servers: farm.addresses } } })
  const home = new Map<string, string>()
  for (const path of paths(2)) {
    for (let i = 1; i <= 20; i++) {
      const from = `127.0.0.${i}`
      using client = await Client.connect(hg.port, from)
      const { body } = await client.get(path).response()
      assert.equal(home.get(from) ?? body, body)
      home.set(from, body)
    }
  }
  assert.equal(new Set(home.values()).size, 3)
})

test('behind a trusted proxy it is the address of its client that chooses, and a forged one does not', async () => {
  await using farm = await Farm.listen(3)
  await using hg = await headgate({
    listeners: { believes: { trustedProxies: ['127.0.0.1'] }, doubts: {} },
    pools: { shop: { balance: { hash: 'address' }, servers: farm.addresses } },
  })
  const seen = async (port: number): Promise<number> => {
    const letters = new Set<string>()
    for (let i = 0; i < 20; i++) letters.add((await get(port, '/', `X-Forwarded-For: 203.0.113.${i}\r\n`)).body)
    return letters.size
  }
  assert.equal(await seen(hg.ports.believes ?? 0), 3)
  assert.equal(await seen(hg.ports.doubts ?? 0), 1)
})

test('with a bound the one hot key spills over, and no server gets more than its bound', async () => {
  await using farm = await Farm.listen(3, true)
  await using hg = await headgate({
    pools: { shop: { balance: { hash: 'path', bound: 1.25 }, servers: farm.addresses } },
  })
  const answers: Promise<number>[] = []
  for (let n = 1; n <= 24; n++) {
    answers.push(...(await pile(hg, farm, 1, '/hot')))
    assert.ok(Math.max(...farm.loads) <= Math.ceil((1.25 * n) / 3), `${n} held: ${farm.loads}`)
  }
  assert.deepEqual(farm.loads.toSorted(), [10, 4, 10].toSorted(), 'as much as the bound allows stays on its own server')
  farm.releaseAll()
  await Promise.all(answers)
})

test('without a bound the hot key stays on its server until that is full', async () => {
  await using farm = await Farm.listen(3, true)
  const servers = farm.addresses.map((address) => ({ address, maxConnections: 4 }))
  await using hg = await headgate({ pools: { shop: { balance: { hash: 'path' }, servers } } })
  const answers = await pile(hg, farm, 10, '/hot')
  assert.deepEqual(farm.loads.toSorted(), [2, 4, 4])
  assert.match(farm.order.join(''), /^(.)\1{3}(?!\1)(.)\2{3}(.)\3$/)
  farm.releaseAll()
  await Promise.all(answers)
})

test('a backup server gets nothing while a primary one is merely full, and everything when none is usable', async () => {
  await using farm = await Farm.listen(3, true)
  const servers = [
    { address: farm.address('a'), maxConnections: 1 },
    { address: farm.address('b'), maxConnections: 1 },
    { address: farm.address('c'), backup: true },
  ]
  await using hg = await headgate({ pools: { shop: { servers } } })
  const held = await pile(hg, farm, 2)
  assert.deepEqual(farm.loads, [1, 1, 0])
  assert.equal(verdictOf(await get(hg.port, '/')), '503 pool_full', 'saturated is not down')
  hg.gate.setAdminState('shop', farm.address('a'), 'drain')
  assert.equal(verdictOf(await get(hg.port, '/')), '503 pool_full')
  hg.gate.setAdminState('shop', farm.address('b'), 'maint')
  held.push(...(await pile(hg, farm, 3)))
  assert.deepEqual(farm.loads, [1, 1, 3])
  hg.gate.setAdminState('shop', farm.address('a'), 'ready')
  farm.release('a')
  await until(() => hg.gate.usage().pools[0]?.inUse === 4)
  held.push(...(await pile(hg, farm, 1)))
  assert.deepEqual(farm.loads, [1, 1, 3], 'back to the first that is usable again')
  farm.releaseAll()
  assert.deepEqual(tally(await Promise.all(held)), { 200: 6 })
  await settled(hg.gate)
})

test('who cannot reach a primary server is served by the backup', async () => {
  await using farm = await Farm.listen(1)
  const servers = ['127.0.0.1:1', { address: farm.address('a'), backup: true }]
  await using hg = await headgate({ pools: { shop: { servers } } })
  assert.equal((await get(hg.port, '/')).body, 'a')
})

/** The Set-Cookie of an answer as a Cookie field line. */
/** What is in use at a pool, without what has become of its attempts. */
function nowOf({ causes: _, servers, ...pool }: PoolUsage): object {
  const now = servers.map(({ name, inUse, limit, adminState, health }) => ({ name, inUse, limit, adminState, health }))
  return { ...pool, servers: now }
}

function cookieOf(field: string | null): string {
  assert.match(field ?? '', /^shop=[0-9a-f]{6}; Path=\/; HttpOnly; SameSite=Lax$/)
  return `Cookie: ${field?.split(';')[0]}\r\n`
}

test('a sticky cookie is set once and brings its client back to the same server', async () => {
  await using farm = await Farm.listen(3)
  await using hg = await headgate({ threads: 2, pools: { shop: { sticky: 'shop', servers: farm.addresses } } })
  const cookies = new Set<string>()
  for (let i = 0; i < 9; i++) {
    const first = await get(hg.port, '/')
    const cookie = cookieOf(first.field('set-cookie'))
    cookies.add(cookie)
    assert.doesNotMatch(first.head, new RegExp(farm.address(first.body)), 'it tells nothing of the inside')
    for (let k = 0; k < 4; k++) {
      const again = await get(hg.port, '/', cookie)
      assert.equal(again.body, first.body)
      assert.equal(again.field('set-cookie'), null)
    }
  }
  assert.ok(cookies.size > 1)
})

test('a cookie with an age and Secure says so', async () => {
  await using farm = await Farm.listen(1)
  await using hg = await headgate({
    pools: { shop: { sticky: { cookie: 'shop', maxAge: '1h', secure: true }, servers: farm.addresses } },
  })
  const field = (await get(hg.port, '/')).field('set-cookie')
  assert.match(field ?? '', /^shop=[0-9a-f]{6}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/)
})

test('while its server is full a client is served by another and keeps its cookie', async () => {
  await using farm = await Farm.listen(2, true)
  const servers = farm.addresses.map((address) => ({ address, maxConnections: 1 }))
  await using hg = await headgate({ pools: { shop: { sticky: 'shop', servers } } })
  const first = get(hg.port, '/')
  await farm.came(1)
  farm.release('a')
  const cookie = cookieOf((await first).field('set-cookie'))
  await settled(hg.gate)

  const holds = get(hg.port, '/', cookie)
  await farm.came(2)
  const elsewhere = get(hg.port, '/', cookie)
  await farm.came(3)
  assert.equal(farm.order.join(''), 'aab')
  farm.release('b')
  assert.equal((await elsewhere).field('set-cookie'), null, 'its server is full, not gone')
  farm.release('a')
  assert.equal((await holds).body, 'a')
  await settled(hg.gate)
  const back = get(hg.port, '/', cookie)
  await farm.came(4)
  farm.release('a')
  assert.equal((await back).field('set-cookie'), null)
})

test('a client whose server has died gets one new cookie, for the server that answers it, and stays there', async () => {
  await using farm = await Farm.listen(2)
  const mortal = await Origin.listen((asked) => asked.answer('mortal'))
  const servers = [...farm.addresses, mortal.address]
  await using hg = await headgate({ threads: 2, pools: { shop: { sticky: 'shop', servers } } })
  let first = await get(hg.port, '/')
  for (let i = 0; i < 20 && first.body !== 'mortal'; i++) first = await get(hg.port, '/')
  const cookie = cookieOf(first.field('set-cookie'))
  await mortal[Symbol.asyncDispose]()
  const second = await get(hg.port, '/', cookie)
  assert.equal(second.status, 200)
  const moved = cookieOf(second.field('set-cookie'))
  assert.notEqual(moved, cookie)
  for (let i = 0; i < 5; i++) {
    const next = await get(hg.port, '/', moved)
    assert.deepEqual([next.body, next.field('set-cookie')], [second.body, null])
  }
  assert.equal(
    hg.gate.usage().pools[0]?.servers.reduce((sum, { failures }) => sum + (failures.connect_refused ?? 0), 0),
    1,
  )
})

test('a server that closes an idle connection under a request keeps its client', async () => {
  await using farm = await Farm.listen(1)
  const known = new WeakSet<object>()
  await using origin = await Origin.listen((asked) => {
    if (known.has(asked.socket)) return asked.end()
    known.add(asked.socket)
    asked.answer('own')
  })
  const servers = [{ address: origin.address }, { address: farm.address('a'), backup: true }]
  await using hg = await headgate({ pools: { shop: { sticky: 'shop', servers } } })
  const cookie = cookieOf((await get(hg.port, '/')).field('set-cookie'))
  for (let i = 0; i < 3; i++) {
    const next = await get(hg.port, '/', cookie)
    assert.deepEqual([next.body, next.field('set-cookie')], ['own', null])
  }
})

test('a drained server keeps its own clients and gets no new ones; in maintenance it gives them away', async () => {
  await using farm = await Farm.listen(2)
  await using hg = await headgate({ pools: { shop: { sticky: 'shop', servers: farm.addresses } } })
  const first = await get(hg.port, '/')
  assert.equal(first.body, 'a')
  const cookie = cookieOf(first.field('set-cookie'))
  hg.gate.setAdminState('shop', farm.address('a'), 'drain')
  assert.deepEqual(new Set(await ask(hg, paths(6))), new Set('b'))
  assert.deepEqual(new Set(await ask(hg, paths(6), cookie)), new Set('a'))
  assert.equal((await get(hg.port, '/', cookie)).field('set-cookie'), null)

  hg.gate.setAdminState('shop', farm.address('a'), 'maint')
  const moved = await get(hg.port, '/', cookie)
  assert.equal(moved.body, 'b')
  const other = cookieOf(moved.field('set-cookie'))
  assert.notEqual(other, cookie)
  assert.equal((await get(hg.port, '/', other)).field('set-cookie'), null)
})

test('an unknown cookie is replaced, and a server of weight 0 serves those whose cookie names it', async () => {
  await using farm = await Farm.listen(2)
  const [a = '', b = ''] = farm.addresses
  const shop = (weight: number) => ({ sticky: 'shop', servers: [{ address: a, weight }, b] })
  await using before = await headgate({ pools: { shop: shop(1) } })
  await using hg = await headgate({ pools: { shop: shop(0) } })
  const tied = await get(before.port, '/')
  assert.equal(tied.body, 'a')
  const cookie = cookieOf(tied.field('set-cookie'))
  assert.deepEqual(new Set(await ask(hg, paths(4), cookie)), new Set('a'), 'the cookie holds over a restart')
  assert.deepEqual(new Set(await ask(hg, paths(4))), new Set('b'))
  const stranger = await get(hg.port, '/', 'Cookie: shop=ffffff\r\n')
  assert.equal(stranger.body, 'b')
  cookieOf(stranger.field('set-cookie'))
})

test('a full server and one that refused are both passed over in one request', async () => {
  await using farm = await Farm.listen(2, true)
  const servers = [{ address: farm.address('a'), maxConnections: 1 }, '127.0.0.1:1', farm.address('b')]
  await using hg = await headgate({ pools: { shop: { balance: 'first', servers } } })
  const held = await pile(hg, farm, 3)
  assert.equal(farm.order.join(''), 'abb')
  farm.releaseAll()
  assert.deepEqual(await Promise.all(held), [200, 200, 200])
  await settled(hg.gate)
})

test('usage tells at any moment who is where: at servers, in lines, on streams, refused, and why', async () => {
  await using farm = await Farm.listen(3, true)
  const [a = '', b = '', c = ''] = farm.addresses
  await using hg = await headgate({
    threads: 2,
    listeners: { web: { maxConnections: 20 }, side: {} },
    pools: {
      shop: {
        servers: [
          { address: a, maxConnections: 2 },
          { address: b, maxConnections: 1 },
        ],
        queue: { max: 2, timeout: '9s' },
        streams: { max: 7 },
      },
      api: { servers: [c], maxConnections: 5 },
    },
    routes: [
      { name: 'all', to: 'shop' },
      { name: 'api', to: 'api', path: '/api', maxConnections: 3 },
    ],
  })
  const answers = await pile(hg, farm, 3)
  answers.push(...[1, 2].map(() => get(hg.port, '/').then(({ status }) => status)))
  await until(() => hg.gate.usage().pools[0]?.waiting === 2)
  assert.equal(verdictOf(await get(hg.port, '/')), '503 queue_full')
  answers.push(...(await pile(hg, farm, 2, '/api')))
  hg.gate.setAdminState('api', c, 'drain')
  assert.equal(verdictOf(await get(hg.port, '/api')), '503 no_server')
  using idle = await Client.connect(hg.ports.side ?? 0)
  await until(() => hg.gate.usage().listeners[0]?.inUse === 7 && hg.gate.usage().listeners[1]?.inUse === 1)
  idle.end()
  assert.deepEqual(
    // Whose limits they are is another story.
    JSON.parse(
      JSON.stringify(
        {
          ...hg.gate.usage(),
          pools: hg.gate.usage().pools.map(nowOf),
          listeners: hg.gate.usage().listeners.slice(0, 1),
        },
        (key, value: unknown) => (key === 'limitBy' || key === 'boundBy' ? undefined : value),
      ),
    ),
    {
      requests: 9,
      listeners: [{ name: 'web', inUse: 7, limit: 20, waiting: 0, bound: 0, refused: 0 }],
      routes: [
        { name: 'all', inUse: 0, limit: UNLIMITED, waiting: 0, bound: 0, refused: 0 },
        { name: 'api', inUse: 2, limit: 3, waiting: 0, bound: 0, refused: 0 },
      ],
      pools: [
        {
          name: 'shop',
          inUse: 3,
          limit: UNLIMITED,
          waiting: 2,
          bound: 2,
          refused: 1,
          queued: 2,
          requests: 1, // those that are over
          streams: { inUse: 0, limit: 7 },
          servers: [
            { name: a, inUse: 2, limit: 2, adminState: 'ready', health: 'unchecked' },
            { name: b, inUse: 1, limit: 1, adminState: 'ready', health: 'unchecked' },
          ],
        },
        {
          name: 'api',
          inUse: 2,
          limit: 5,
          waiting: 0,
          bound: 0,
          refused: 1,
          queued: 0,
          requests: 1,
          streams: { inUse: 0, limit: 10_000 },
          servers: [{ name: c, inUse: 2, limit: UNLIMITED, adminState: 'drain', health: 'unchecked' }],
        },
      ],
      causes: { queue_full: 1, no_server: 1 },
    },
  )
  const before = farm.order.length
  farm.releaseAll()
  await farm.came(before + 2)
  farm.releaseAll()
  assert.deepEqual(tally(await Promise.all(answers)), { 200: 7 })
  await settled(hg.gate)
  const { pools } = hg.gate.usage()
  assert.deepEqual(
    pools.map(({ requests, queued }) => [requests, queued]),
    [
      [6, 2],
      [3, 0],
    ],
  )
})
