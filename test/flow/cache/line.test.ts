/** One fetch for many who ask for the same: they get it while it arrives, whatever becomes of the one who asked first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheOrigin, caching, type Shop, shop } from '../../kit/cache-origin.ts'
import { Client, get } from '../../kit/client.ts'
import type { Asked } from '../../kit/origin.ts'
import { meanwhile, requestsBegun, settled, tally, until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** Hands the requests for a path to the test. */
function ask(origin: CacheOrigin, path: string): Asked[] {
  const asked: Asked[] = []
  origin.on(path, (one) => asked.push(one))
  return asked
}

/** `n` clients that ask for a path, the first one's request at the server before the others'. */
async function crowd(
  { gate }: Pick<Shop, 'gate'>,
  asked: readonly Asked[],
  path: string,
  n: number,
  fields = '',
): Promise<Client[]> {
  const clients: Client[] = []
  const before = gate.gate.usage().requests
  const there = asked.length
  for (let k = 0; k < n; k++) {
    const client = await Client.connect(gate.port)
    clients.push(client.get(path, fields))
    if (k === 0) await until(() => asked.length === there + 1)
  }
  await requestsBegun(gate.gate, before + n)
  await meanwhile(30)
  return clients
}

function part(of: Client): string {
  return /^gate; (.*)$/im.exec(/^cache-status: (.*)$/im.exec(of.pending)?.[1] ?? '')?.[1] ?? ''
}

async function finished({ gate }: Pick<Shop, 'gate'>, clients: readonly Client[]): Promise<void> {
  for (const client of clients) client[Symbol.dispose]()
  await settled(gate.gate)
}

test('many who ask at once, on two threads, cause one fetch, and all get it', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 40)
  assert.equal(at.origin.count('/page'), 1)
  asked[0]?.answer('the page', FRESH)
  const answers = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(tally(answers.map(({ body }) => body)), { 'the page': 40 })
  const how = tally(
    answers.map((answer) => (/collapsed/.test(answer.field('cache-status') ?? '') ? 'waited' : 'asked')),
  )
  assert.deepEqual(how, { asked: 1, waited: 39 })
  assert.equal(at.origin.count('/page'), 1)
  await finished(at, [at.client, ...clients])
})

for (const [framing, head, first, second] of [
  ['of known length', 'Content-Length: 8\r\n', 'half', ' two'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n', '4\r\nhalf\r\n', '4\r\n two\r\n0\r\n\r\n'],
] as const) {
  test(`a body ${framing} streams to those who wait while it arrives`, async () => {
    await using at = await shop({}, { threads: 2 })
    const asked = ask(at.origin, '/page')
    const clients = await crowd(at, asked, '/page', 12)
    asked[0]?.say(`HTTP/1.1 200 OK\r\n${FRESH}${head}\r\n${first}`)
    for (const client of clients)
      await until(
        () => client.pending.includes('half'),
        () => client.pending,
      )
    // Who comes now joins as well.
    const late = await Client.connect(at.gate.port)
    late.get('/page')
    await until(() => late.pending.includes('half'))
    assert.match(part(late), /collapsed/)
    asked[0]?.say(second)
    for (const client of [...clients, late]) {
      const answer = await client.response()
      assert.deepEqual([answer.body, answer.complete], ['half two', true])
    }
    assert.equal(at.origin.count('/page'), 1)
    await finished(at, [at.client, late, ...clients])
  })
}

test('one who does not read holds up neither the fetch nor the others', async () => {
  const body = 'x'.repeat(12_000_000)
  await using at = await shop({}, { threads: 2, cache: { size: '64MB', maxObject: '16MB' } })
  const asked = ask(at.origin, '/film')
  const clients = await crowd(at, asked, '/film', 4)
  for (const deaf of [clients[0], clients[2]]) deaf?.socket.pause()
  asked[0]?.answer(body, FRESH)
  const whole = async (client: Client | undefined): Promise<void> => {
    assert.match((await client?.until('\r\n\r\n')) ?? '', /^HTTP\/1.1 200 /)
    assert.equal((await client?.bytes(body.length))?.length, body.length)
  }
  for (const client of [clients[1], clients[3]]) await whole(client)
  await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
  for (const deaf of [clients[0], clients[2]]) {
    deaf?.socket.resume()
    await whole(deaf)
  }
  await finished(at, [at.client, ...clients])
})

test('the one who asked first leaves before there is an answer: the fetch goes on, the others are served, it is stored', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 10)
  clients[0]?.reset()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 10)
  asked[0]?.answer('the page', FRESH)
  for (const client of clients.slice(1)) assert.equal((await client.response()).body, 'the page')
  assert.equal((await get(at.gate.port, '/page')).body, 'the page')
  assert.equal(at.origin.count('/page'), 1)
  await finished(at, [at.client, ...clients])
})

test('the one who asked first leaves while the body arrives: the fetch goes on, the others are served, it is stored', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 10)
  asked[0]?.say(`HTTP/1.1 200 OK\r\n${FRESH}Content-Length: 8\r\n\r\nhalf`)
  for (const client of clients) await until(() => client.pending.includes('half'))
  clients[0]?.reset()
  await until(() => at.gate.gate.usage().listeners[0]?.inUse === 10)
  asked[0]?.say(' two')
  for (const client of clients.slice(1)) assert.equal((await client.response()).body, 'half two')
  assert.equal((await get(at.gate.port, '/page')).body, 'half two')
  assert.equal(at.origin.count('/page'), 1)
  await finished(at, [at.client, ...clients])
})

test('a line for one fetch that is full turns the next one away with coalesce_full, where the route says refuse', async () => {
  await using at = await shop({ coalesce: { max: 3, timeout: '5s', otherwise: 'refuse' } })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 4)
  assert.equal(verdictOf(await get(at.gate.port, '/page')), '503 coalesce_full')
  asked[0]?.answer('the page', FRESH)
  for (const client of clients) assert.equal((await client.response()).body, 'the page')
  assert.equal(at.origin.count('/page'), 1)
  await finished(at, [at.client, ...clients])
})

test('beyond the line for one fetch each fetches for itself, where the route says fetch', async () => {
  await using at = await shop({ coalesce: { max: 3, timeout: '5s', otherwise: 'fetch' } })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 4)
  const beyond = get(at.gate.port, '/page')
  await until(() => asked.length === 2)
  asked[1]?.answer('its own', FRESH)
  assert.equal((await beyond).body, 'its own')
  asked[0]?.answer('the page', FRESH)
  for (const client of clients) assert.equal((await client.response()).body, 'the page')
  assert.equal((await get(at.gate.port, '/page')).body, 'the page')
  await finished(at, [at.client, ...clients])
})

test('who waits for a fetch longer than the route allows gets 503 coalesce_timeout, where the route says refuse', async () => {
  await using at = await shop({ coalesce: { max: 10, timeout: '300ms', otherwise: 'refuse' } })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 3)
  for (const client of clients.slice(1)) assert.equal(verdictOf(await client.response()), '503 coalesce_timeout')
  asked[0]?.answer('the page', FRESH)
  assert.equal((await clients[0]?.response())?.body, 'the page')
  await finished(at, [at.client, ...clients])
})

test('who has waited for the fetch of another for too long fetches for itself, where the route says fetch', async () => {
  await using at = await shop({ coalesce: { max: 10, timeout: '200ms', otherwise: 'fetch' } })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 3)
  await until(() => asked.length === 3)
  for (const one of asked) one.answer('the page', FRESH)
  for (const client of clients) assert.equal((await client.response()).body, 'the page')
  await finished(at, [at.client, ...clients])
})

test('what turns out not to be shared is fetched by each, side by side, and nobody waits the next time either', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/mine')
  const clients = await crowd(at, asked, '/mine', 6)
  asked[0]?.answer('of the first', 'Cache-Control: private\r\n')
  await until(() => asked.length === 6)
  for (const [k, one] of asked.slice(1).entries()) one.answer(`of ${k}`, 'Cache-Control: private\r\n')
  const bodies = await Promise.all(clients.map(async (client) => (await client.response()).body))
  assert.equal(new Set(bodies).size, 6)

  const again = await crowd(at, asked, '/mine', 3)
  assert.equal(asked.length, 9, 'nobody waits')
  asked[6]?.answer('for all', FRESH)
  await until(() => again.some((client) => client.pending.includes('for all')))
  for (const one of asked.slice(7)) one.answer('for all, too', FRESH)
  for (const client of again) assert.match((await client.response()).body, /^for all/)
  // From now on it is shared again.
  assert.match((await get(at.gate.port, '/mine')).field('cache-status') ?? '', /^gate; hit/)
  assert.equal(asked.length, 9)
  await finished(at, [at.client, ...clients, ...again])
})

test('when the fetch fails, one of those who wait takes it over, and the others wait for that one', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/page')
  const clients = await crowd(at, asked, '/page', 8)
  asked[0]?.reset()
  assert.equal(verdictOf((await clients[0]?.response())!), '502 response_cut')
  await until(() => asked.length === 2)
  await meanwhile(30)
  assert.equal(asked.length, 2)
  asked[1]?.answer('the page', FRESH)
  for (const client of clients.slice(1)) assert.equal((await client.response()).body, 'the page')
  assert.equal(asked.length, 2)
  await finished(at, [at.client, ...clients])
})

test('variants are fetched apart, each once (RFC 9111 §4.1)', async () => {
  await using at = await shop({}, { threads: 2 })
  const asked = ask(at.origin, '/page')
  const german = await crowd(at, asked, '/page', 4, 'Accept-Language: de\r\n')
  const others: Client[] = []
  for (let k = 0; k < 4; k++) others.push((await Client.connect(at.gate.port)).get('/page', 'Accept-Language: fr\r\n'))
  await requestsBegun(at.gate.gate, 8)
  asked[0]?.answer('Seite', `${FRESH}Vary: Accept-Language\r\n`)
  for (const client of german) assert.equal((await client.response()).body, 'Seite')
  await until(() => asked.length === 2)
  asked[1]?.answer('page', `${FRESH}Vary: Accept-Language\r\n`)
  for (const client of others) assert.equal((await client.response()).body, 'page')
  assert.equal(asked.length, 2)
  await finished(at, [at.client, ...german, ...others])
})

for (const framing of ['known', 'unknown']) {
  test(`what is longer than maxObject passes through to all, slow ones included, when its length is ${framing}`, async () => {
    const body = Array.from({ length: 150_000 }, (_, k) => `${k}`.padStart(10)).join('')
    await using origin = await CacheOrigin.listen()
    await using gate = await caching(origin, {}, { threads: 2, cache: { size: '16MB', maxObject: '1MB' } })
    const at = { gate }
    const asked = ask(origin, '/big')
    const clients = await crowd(at, asked, '/big', 4)
    for (const slow of [clients[0], clients[1]]) slow?.socket.pause()
    const answer = (one: Asked): void => {
      if (framing === 'known') return one.answer(body, FRESH)
      const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      one.say(`HTTP/1.1 200 OK\r\n${FRESH}Transfer-Encoding: chunked\r\n\r\n${chunk}`)
    }
    for (const one of asked) answer(one)
    origin.on('/big', answer)
    const same = (answered: string | undefined): void => assert.ok(answered === body, `${answered?.length} bytes`)
    // Those who share one fetch get on at the speed of the slowest of them.
    const all = clients.map((client) => client.response())
    await meanwhile(50)
    for (const slow of clients.slice(0, 2)) slow.socket.resume()
    for (const { body: got, complete } of await Promise.all(all)) {
      assert.ok(complete)
      same(got)
    }
    const before = origin.count('/big')
    same((await get(gate.port, '/big')).body)
    assert.equal(origin.count('/big'), before + 1, 'nothing of it is stored')
    await finished(at, clients)
  })
}
