/** Unsafe methods that change more than their target: whole collections, their listings, and what Destination names (RFC 4918). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedOut, more, store, stored } from '../../kit/cache-orders.ts'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { RawOrigin } from '../../kit/raw-origin.ts'

const HOST = 'Host: shop.test\r\nContent-Length: 0\r\n'

/** Has each of these paths stored. */
async function storeAll(at: Shop, ...paths: readonly string[]): Promise<void> {
  await store(at, Object.fromEntries(paths.map((path) => [path, ''])))
}

/** Sends an unsafe request that the server answers so; from then on the target can be asked for again. */
async function change(at: Shop, request: string, status: string, fields = '', body = ''): Promise<Answered> {
  const [method = '', path = ''] = request.split(' ')
  at.origin.on(path, (got, n) => {
    if (got.head.startsWith(method)) got.answer(body, '', status)
    else got.answer(`new ${n}`, 'Cache-Control: max-age=60\r\n')
  })
  const answer = await at.client.send(`${request} HTTP/1.1\r\n${HOST}${fields}\r\n`).response()
  assert.equal(String(answer.status), status.slice(0, 3))
  return answer
}

/** Which of these are still served from the store, by any thread; all of the others are not, by none. */
async function left(at: Shop, ...paths: readonly string[]): Promise<readonly string[]> {
  const kept: string[] = []
  for (const path of paths) if (await stored(at, path)) kept.push(path)
  return kept
}

test('DELETE of a collection removes its members, however deep, on all threads before it is answered', async () => {
  await using at = await shop({}, more)
  const members = ['/c', '/c/', '/c/a', '/c/d/e']
  for (const status of ['204 No Content', '200 OK', '207 Multi-Status']) {
    for (const target of ['/c/', '/c']) {
      await storeAll(at, ...members, '/cc', '/d')
      await change(at, `DELETE ${target}`, status)
      for (const path of members) {
        if (path === target) continue
        const before = at.origin.count(path)
        await get(at.gate.port, path)
        assert.equal(at.origin.count(path), before + 1, `${path} after DELETE ${target}`)
      }
      assert.deepEqual(await left(at, '/cc', '/d'), ['/cc', '/d'])
    }
  }
})

test('MOVE removes what stood at both ends with their members and listings, COPY what stood at Destination', async () => {
  await using at = await shop({}, more)
  const all = ['/from/c/', '/from/c/a', '/from/', '/to/d/', '/to/d/b', '/to/', '/other/']
  for (const [destination, method] of [
    ['/to/d/', 'MOVE'],
    ['http://shop.test/to/d', 'MOVE'],
    ['http://shop.test:80/to/%64', 'COPY'],
    ['https://shop.test/to/d', 'COPY'],
  ] as const) {
    await storeAll(at, ...all)
    await change(at, `${method} /from/c`, '201 Created', `Destination: ${destination}\r\n`)
    const kept = method === 'MOVE' ? ['/other/'] : ['/from/c/', '/from/c/a', '/from/', '/other/']
    assert.deepEqual(await left(at, ...all), kept, `${method} to ${destination}`)
  }
})

test('what fails, what is safe, and what names another host removes nothing', async () => {
  await using at = await shop({}, more)
  const all = ['/c/', '/c/a', '/to/', '/to/b']
  await storeAll(at, ...all)
  for (const [request, status, fields] of [
    ['DELETE /x/../c', '423 Locked', ''],
    ['MOVE /x', '412 Precondition Failed', 'Destination: /c/\r\n'],
    ['PROPFIND /c', '207 Multi-Status', 'Depth: infinity\r\n'],
    ['REPORT /c', '207 Multi-Status', 'Destination: /to/\r\n'],
    ['SEARCH /c', '207 Multi-Status', ''],
    ['COPY /x', '201 Created', 'Destination: http://other.test/c/\r\n'],
    ['PUT /x', '201 Created', 'Destination: /c/\r\n'],
    ['DELETE /c', '307 Temporary Redirect', ''],
  ] as const)
    await change(at, request, status, fields)
  assert.deepEqual(await left(at, '/c/a', '/to/', '/to/b'), ['/c/a', '/to/', '/to/b'])
})

test('a change of a member outdates the listing of its collection, and nothing beside it', async () => {
  await using at = await shop({}, more)
  for (const request of ['PUT /a/b/c', 'MKCOL /a/b/c/', 'PROPPATCH /a/b/c', 'LOCK /a/b/c', 'UNLOCK /a/b/c']) {
    await storeAll(at, '/a/b/', '/a/b/d', '/a/')
    await change(at, request, '201 Created')
    assert.deepEqual(await left(at, '/a/b/', '/a/b/d', '/a/'), ['/a/b/d', '/a/'], request)
  }
  // A form that is sent to a page of its own leaves the page above it alone.
  await storeAll(at, '/a/b/')
  await change(at, 'POST /a/b/form', '200 OK')
  assert.deepEqual(await left(at, '/a/b/'), ['/a/b/'])
  await change(at, 'POST /a/b/form', '201 Created')
  assert.deepEqual(await left(at, '/a/b/'), [])
})

test('members are removed from whichever route stores them, with all their variants, also by a route that does not cache', async () => {
  await using at = await shop(
    {},
    {
      ...more,
      routes: [
        { to: 'shop' },
        { path: '/c/img', to: 'shop', cache: { key: { headers: ['x-a'] } } },
        { path: '/c/one', to: 'shop', cache: { key: { path: false, host: false } } },
      ],
    },
  )
  at.origin.says('/c/img/p', 'Cache-Control: max-age=60\r\nVary: X-B\r\n')
  const asks = ['X-A: 1\r\nX-B: 1\r\n', 'X-A: 2\r\nX-B: 1\r\n', 'X-A: 1\r\nX-B: 2\r\n']
  for (const ask of asks) await get(at.gate.port, '/c/img/p', ask)
  await storeAll(at, '/c/one/p')
  for (const ask of asks) assert.ok(await stored(at, '/c/img/p', ask))
  await change(at, 'DELETE /c', '204 No Content')
  for (const ask of asks) assert.equal(await stored(at, '/c/img/p', ask), false)
  assert.equal(await stored(at, '/c/one/p'), false)
})

test('a fetch that began before a collection was deleted is not served after it', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await headgate({
    cache: { size: '16MB', maxObject: '1MB' },
    pools: { shop: { servers: [origin.address] } },
    routes: [{ to: 'shop', cache: {} }],
  })
  using reader = await Client.connect(hg.port)
  using writer = await Client.connect(hg.port)
  reader.get('/c/a')
  const slow = await origin.asked()
  writer.send(`DELETE /c HTTP/1.1\r\n${HOST}\r\n`)
  const deletion = await origin.asked()
  deletion.peer.send('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
  assert.equal((await writer.response()).status, 204)
  slow.peer.send('HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\nold')
  assert.equal((await reader.response()).body, 'old')
  reader.get('/c/a')
  const again = await origin.asked()
  again.peer.send('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await reader.response()).status, 404)
})

test('an answer that waits for its removal comes whole, however long it is, and its connection goes on', async () => {
  await using at = await shop({}, more)
  const long = '<response/>'.repeat(50_000)
  for (let i = 0; i < 3; i++) {
    const answer = await change(at, 'DELETE /c/', '207 Multi-Status', '', long)
    assert.equal(answer.body, long)
    assert.equal((await change(at, 'DELETE /c/', '204 No Content')).status, 204)
  }
  await carriedOut(at)
})
