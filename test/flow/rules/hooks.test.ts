/** Hooks at the four points of a message's way, through real sockets: on what a server answers, and on what is stored. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HookAnswer, type Hooks, type HookView, NO_HOOKS } from '../../../src/rules/hooks.ts'
import { FieldName, fieldLine } from '../../../src/wire/http/edits.ts'
import { Field } from '../../../src/wire/http/fields.ts'
import { Client } from '../../kit/client.ts'
import { DataPlanes } from '../../kit/data-planes.ts'
import { Origin } from '../../kit/origin.ts'

const SECRET = new FieldName('X-Secret')
const teapot: HookAnswer = {
  status: 418,
  reason: 'A Teapot',
  lines: [fieldLine('Content-Type', 'text/plain')],
  body: 'short and stout',
}

function shop(origin: Origin, route: object = {}): Record<string, unknown> {
  return { pools: { shop: { servers: [{ address: origin.address }] } }, routes: [{ to: 'shop', ...route }] }
}

/** Answers each request with the target it was asked for. */
function echoing(fields = ''): Promise<Origin> {
  return Origin.listen((asked) => asked.answer(asked.head.split(' ')[1]!, fields))
}

async function open(origin: Origin, hooks: Partial<Hooks>, route: object = {}): Promise<DataPlanes> {
  return DataPlanes.open(shop(origin, route), 1, { ...NO_HOOKS, ...hooks })
}

test('a head that is edited when it is received is the one that is routed and sent', async () => {
  await using origin = await echoing()
  const views: HookView[] = []
  await using gate = await open(
    origin,
    {
      received(view, edits) {
        views.push(view)
        edits.rewritePath('/in/it?b=1')
        edits.removeName(SECRET)
        edits.set(fieldLine('User-Agent', 'gate'))
        return null
      },
    },
    { path: '/in' },
  )
  using client = await Client.connect(gate.port)
  client.get('/out', 'x-secret: 1\r\nUser-Agent: me\r\nX-Kept: 1\r\n')
  const { body, status } = await client.response()
  assert.deepEqual([status, body], [200, '/in/it?b=1'])
  client.get('/again')
  assert.equal((await client.response()).status, 200, 'the connection serves on')
  assert.deepEqual([views[0]?.listener, views[0]?.peer, views[0]?.route], ['web', '127.0.0.1', null])
})

test('what is edited before a server is asked is for the server alone, once for all tries', async () => {
  await using origin = await Origin.listen()
  let calls = 0
  let seen: unknown[] = []
  await using gate = await open(origin, {
    asking(view, edits) {
      calls++
      seen = [typeof view.route, view.server]
      edits.add(fieldLine('X-Asked', String(calls)))
      edits.removeName(SECRET)
      edits.remove(Field.userAgent)
      return null
    },
  })
  using client = await Client.connect(gate.port)
  client.get('/a', 'X-Secret: 1\r\nUser-Agent: me\r\nX-Kept: 1\r\n')
  const asked = await origin.next()
  assert.deepEqual(seen, ['string', null])
  assert.match(asked.head, /^X-Asked: 1\r?$/m)
  assert.match(asked.head, /^X-Kept: 1\r$/m)
  assert.doesNotMatch(asked.head, /secret|user-agent/i)
  asked.answer('one')
  assert.equal((await client.response()).body, 'one')
  client.get('/b')
  const next = await origin.next()
  assert.equal([...next.head.matchAll(/^X-Asked: /gm)].length, 1, 'nothing is left of the request before')
  next.answer('two')
  await client.response()
})

test('what is edited of a response counts for the cache, and is stored', async () => {
  await using origin = await echoing('Cache-Control: no-store\r\nX-Secret: 1\r\nX-Kept: 1\r\n')
  let calls = 0
  await using gate = await open(
    origin,
    {
      arrived(view, response, edits) {
        calls++
        assert.deepEqual([view.route === null, view.server === null, response.status], [false, false, 200])
        edits.set(fieldLine('Cache-Control', 'max-age=60'))
        edits.removeName(SECRET)
        return null
      },
    },
    { cache: true },
  )
  using client = await Client.connect(gate.port)
  for (let i = 0; i < 3; i++) {
    const answer = await client.get('/a').response()
    assert.deepEqual([answer.body, answer.field('x-secret'), answer.field('x-kept')], ['/a', null, '1'])
    assert.equal(answer.field('cache-control'), 'max-age=60')
  }
  assert.equal(calls, 1)
})

test('what goes out is edited last, whatever it comes from: a server, the store, or Headgate itself', async () => {
  await using origin = await echoing('Cache-Control: max-age=60\r\nX-Secret: 1\r\n')
  const statuses: number[] = []
  await using gate = await open(
    origin,
    {
      leaving(_, status, edits) {
        statuses.push(status)
        edits.removeName(SECRET)
        edits.set(fieldLine('Cache-Control', 'no-cache'))
        edits.add(fieldLine('X-Left', '1'))
      },
    },
    { path: '/in', cache: true },
  )
  using client = await Client.connect(gate.port)
  for (let i = 0; i < 8; i++) {
    const answer = await client.get('/in').response()
    assert.deepEqual([answer.field('x-secret'), answer.field('x-left')], [null, '1'])
    assert.equal([...answer.head.matchAll(/^cache-control: /gim)].length, 1)
    assert.equal(answer.field('cache-control'), 'no-cache')
  }
  const refused = await client.get('/out').response()
  assert.deepEqual([refused.status, refused.field('x-left')], [404, '1'])
  using bad = await Client.connect(gate.port)
  assert.equal((await bad.send('GET / HTTP/1.1\r\n\r\n').response()).field('x-left'), '1')
  assert.equal(origin.requests, 1)
  assert.deepEqual(statuses.slice(-2), [404, 400])
})

for (const point of ['received', 'asking', 'arrived'] as const) {
  test(`a hook may answer instead (${point}), or name a cause, and everything is given back`, async () => {
    await using origin = await echoing()
    let named = false
    await using gate = await open(origin, {
      [point]: () => (named ? { cause: 'no_route', detail: 'a rule' } : { answer: teapot }),
    })
    using client = await Client.connect(gate.port)
    const answer = await client.get('/a').response()
    assert.deepEqual([answer.status, answer.field('content-type'), answer.body], [418, 'text/plain', 'short and stout'])
    named = true
    assert.equal((await client.get('/a').response()).status, 404)
    assert.equal(origin.requests, point === 'arrived' ? 2 : 0)
    assert.equal(gate.used('pool:shop'), 0)
    await gate.stop()
  })
}

test('a hook that breaks ends its request as internal, and no other', async () => {
  await using origin = await echoing()
  let breaks = true
  const defects: unknown[] = []
  await using gate = await DataPlanes.open(
    shop(origin),
    1,
    {
      ...NO_HOOKS,
      received: () => {
        if (breaks) throw new RangeError('a rule is broken')
        return null
      },
    },
    (error) => defects.push(error),
  )
  using client = await Client.connect(gate.port)
  assert.equal((await client.get('/a').response()).status, 500)
  breaks = false
  using other = await Client.connect(gate.port)
  assert.equal((await other.get('/a').response()).status, 200)
  assert.match(String(defects[0]), /a rule is broken/)
})
