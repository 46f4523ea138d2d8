/** The store is shared by all threads and bounded for all of them; a thread that dies takes nothing of it with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { requestsBegun, settled, until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'
const admin = { bind: '127.0.0.1:0' }

/** What the admin API says of the store. */
async function usage({ gate }: Shop): Promise<Record<string, number>> {
  return (await (await fetch(`http://${gate.gate.admin}/v1/cache`)).json()) as Record<string, number>
}

function isHit(cacheStatus: string | null): boolean {
  return /^gate; hit/.test(cacheStatus ?? '')
}

/** Clients until both threads have some: a thread that dies then ends some and not all. */
function crowd(port: number, n: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: n }, () => Client.connect(port)))
}

/** Those of `clients` whose connection ended within a crash of a thread, and the others. */
async function parted({ gate }: Shop, clients: readonly Client[]): Promise<{ gone: Client[]; left: Client[] }> {
  const gone = new Set<Client>()
  for (const client of clients)
    client.socket.once('close', () => gone.add(client)).once('end', () => client.socket.end())
  gate.gate.crash(0)
  await gate.gate.replaced(0)
  await until(
    () => gone.size + (gate.gate.usage().listeners[0]?.inUse ?? -1) === clients.length,
    () => [gone.size, gate.gate.usage().listeners[0]?.inUse],
  )
  assert.ok(gone.size > 0 && gone.size < clients.length, `${gone.size} of ${clients.length} were on that thread`)
  return { gone: [...gone], left: clients.filter((client) => !gone.has(client)) }
}

async function done(at: Shop, clients: readonly Client[]): Promise<void> {
  for (const client of [at.client, ...clients]) client[Symbol.dispose]()
  await settled(at.gate.gate)
}

test('what one thread has stored all threads serve', async () => {
  await using at = await shop({}, { threads: 3 })
  at.origin.says('/page', FRESH)
  await get(at.gate.port, '/page')
  const clients = await crowd(at.gate.port, 24)
  for (const client of clients) assert.ok(isHit((await client.get('/page').response()).field('cache-status')))
  assert.equal(at.origin.count('/page'), 1)
  await done(at, clients)
})

test('the store never grows past its size: what was not asked for lately makes room', async () => {
  const body = 'x'.repeat(50_000)
  await using at = await shop({}, { threads: 2, admin, cache: { size: '4MB', maxObject: '1MB' } })
  at.origin.on('/p', (asked) => asked.answer(body, FRESH))
  const clients = await crowd(at.gate.port, 8)
  for (let k = 0; k < 240; k += clients.length) {
    clients.forEach((client, i) => void client.get(`/p?${k + i}`))
    for (const client of clients) assert.equal((await client.response()).body.length, body.length)
    const { used = 0, size = 0 } = await usage(at)
    assert.ok(used <= size && size <= 4_000_000, `${used} of ${size} bytes`)
  }
  const { evicted = 0, objects = 0, used = 0 } = await usage(at)
  assert.ok(evicted >= 160 && objects >= 20, `${evicted} evicted, ${objects} left`)
  assert.ok(used > 1_500_000, 'the room is used')
  assert.equal(evicted + objects, 240)
  // What was stored last is there.
  assert.ok(isHit((await get(at.gate.port, '/p?239')).field('cache-status')))
  await done(at, clients)
})

test('a thread dies while it sends stored bodies: the other goes on, the successor serves them', async () => {
  const body = 'x'.repeat(12_000_000)
  await using at = await shop({}, { threads: 2, admin, cache: { size: '64MB', maxObject: '16MB' } })
  at.origin.on('/film', (asked) => asked.answer(body, FRESH))
  await get(at.gate.port, '/film')
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 1)
  at.client[Symbol.dispose]()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 0)
  const clients = await crowd(at.gate.port, 10)
  for (const client of clients) {
    client.get('/film')
    await client.until('xxxx')
    client.socket.pause()
  }
  const parting = parted(at, clients)
  await at.gate.gate.replaced(0)
  for (const client of clients) client.socket.resume()
  const { left } = await parting
  for (const client of left) await client.bytes(body.length - 4)

  for (const client of await crowd(at.gate.port, 6)) {
    assert.match(await client.get('/film').until('\r\n\r\n'), /\r\ncache-status: gate; hit/i)
    await client.bytes(body.length)
    client[Symbol.dispose]()
  }
  assert.equal(at.origin.count('/film'), 1)
  // Nothing is pinned any more: a purge gives all of it back.
  await done(at, clients)
  const purge = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prefix: 'http://shop.test/' }),
  }
  assert.equal((await fetch(`http://${at.gate.gate.admin}/v1/cache/purge`, purge)).status, 200)
  for (let { used = 0 } = await usage(at); used > 1_000_000; used = (await usage(at)).used ?? 0)
    await get(at.gate.port, '/none')
})

test('a thread dies while it fetches what others wait for: one of those takes the fetch over', async () => {
  await using at = await shop({}, { threads: 2, admin })
  at.client[Symbol.dispose]()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 0)
  const asked: Asked[] = []
  for (let k = 0; k < 8; k++) at.origin.on(`/${k}`, (one) => asked.push(one))
  // Each page is fetched for its first client, and then asked for by several, so that others wait for it on both threads.
  const clients = await crowd(at.gate.port, 64)
  const first = clients.slice(0, 8)
  for (const [k, client] of first.entries()) client.get(`/${k}`)
  await until(() => asked.length === 8)
  for (const [k, client] of clients.entries()) if (k >= 8) client.get(`/${k % 8}`)
  await requestsBegun(at.gate.gate, 64)
  const { left } = await parted(at, clients)
  // The fetches that were the dead thread's come again from the other, if anybody is left there who waits for them.
  const wanted = new Set(left.map((client) => clients.indexOf(client) % 8))
  const again = first.filter((client, k) => !left.includes(client) && wanted.has(k)).length
  await until(() => at.origin.requests === 8 + again)
  const answer = (one: Asked): void => one.answer(/ (\S+) /.exec(one.head)?.[1] ?? '', FRESH)
  for (let k = 0; k < 8; k++) at.origin.on(`/${k}`, answer)
  for (const one of asked) answer(one)
  for (const client of left) assert.match((await client.response()).body, /^\/\d$/)
  for (const k of wanted) {
    assert.ok(at.origin.count(`/${k}`) <= 2, `/${k} was fetched ${at.origin.count(`/${k}`)} times`)
    assert.ok(isHit((await get(at.gate.port, `/${k}`)).field('cache-status')))
  }
  await done(at, clients)
})

test('a thread dies in the middle of a body that others receive too: they see the cut, and the next fetch is whole', async () => {
  await using at = await shop({}, { threads: 2, admin })
  at.client[Symbol.dispose]()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 0)
  const asked: Asked[] = []
  at.origin.on('/page', (one, n) => {
    asked.push(one)
    if (n === 1) one.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 8\r\n\r\nhalf`)
    else one.answer('half two', FRESH)
  })
  const clients = await crowd(at.gate.port, 16)
  for (const client of clients) client.get('/page')
  for (const client of clients) await until(() => client.pending.includes('half'))
  at.gate.gate.crash(0)
  await at.gate.gate.replaced(0)
  // Where the fetch was the dead thread's, the rest never comes; where it was not, it comes now.
  asked[0]?.say(' two')
  const answers = await Promise.all(clients.map((client) => client.response()))
  for (const { body, complete } of answers) assert.equal(body, complete ? 'half two' : 'half')
  assert.ok(answers.some(({ complete }) => !complete))
  for (let k = 0; k < 8; k++) assert.equal((await get(at.gate.port, '/page')).body, 'half two')
  assert.ok(at.origin.count('/page') <= 2)
  await done(at, clients)
})
