/** What operators are told of the cache: why an answer was stored or not, how long it will do, where nothing is ever stored, and what was counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, done, FRESH, more, stored } from '../../kit/cache-orders.ts'
import { CacheOrigin, type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, get } from '../../kit/client.ts'
import { headgate } from '../../kit/headgate.ts'
import { settled, until } from '../../kit/settle.ts'

interface Told {
  readonly routes: string[]
  readonly variants: Record<string, unknown>[]
  readonly last: Record<string, unknown> | null
  readonly passed: Record<string, unknown> | null
}

/** What the admin API says of a path. */
async function told(at: Pick<Shop, 'gate'>, path: string, host = 'shop.test'): Promise<Told> {
  const { status, says } = await call(at, `object?url=${encodeURIComponent(`http://${host}${path}`)}`)
  assert.equal(status, 200, JSON.stringify(says))
  return says as unknown as Told
}

/** What the cache has counted so far. */
async function counted({ gate }: Shop): Promise<Record<string, unknown>> {
  return (await (await fetch(`http://${gate.gate.admin}/v1/cache`)).json()) as Record<string, unknown>
}

test('each reason not to store an answer is told with its sentence and its remedy', async () => {
  await using at = await shop({ graceUnderPressure: 0, keep: 0, bypass: { cookies: ['session'] } }, more)
  for (const [path, fields, reason, fix] of [
    ['/plain', '', 'says-nothing', /defaultTtl/],
    ['/zero', 'Cache-Control: max-age=0\r\n', 'stale-at-once', /longer time/],
    ['/old', 'Cache-Control: max-age=60\r\nAge: 90\r\n', 'stale-at-once', /clock/],
    ['/typo', 'Cache-Control: max-age=1h\r\n', 'unreadable', /Correct/],
    ['/twice', 'Cache-Control: max-age=1\r\nCache-Control: max-age=9\r\n', 'unreadable', /Correct/],
    ['/asked', 'Cache-Control: no-cache\r\n', 'no-cache', /ETag/],
    ['/mine', 'Cache-Control: private\r\n', 'private', /leave out private/],
    ['/cookie', `${FRESH}Set-Cookie: a=b\r\n`, 'set-cookie', /setCookie/],
  ] as const) {
    at.origin.says(path, fields)
    await get(at.gate.port, path)
    const { last } = await told(at, path)
    assert.deepEqual([last?.stored, last?.reason], [false, reason], path)
    assert.match(String(last?.says), /^[A-Z].*\.$/, path)
    assert.match(String(last?.fix), fix, path)
  }
  await done(at)
})

test('a visitor with a session hides nothing of what was said of the answer to all others', async () => {
  await using at = await shop({ bypass: { cookies: ['session'] } }, more)
  at.origin.says('/page', FRESH)
  await get(at.gate.port, '/page')
  for (const fields of ['Cookie: session=1\r\n', 'Cookie: session=2\r\n', 'Cache-Control: no-store, no-cache\r\n']) {
    await get(at.gate.port, '/page', fields)
  }
  await get(at.gate.port, '/page', 'If-Match: "a"\r\n')
  const { last, passed, variants } = await told(at, '/page')
  assert.equal(variants.length, 1)
  assert.deepEqual([last?.stored, last?.reason], [true, 'stored'])
  assert.deepEqual([passed?.count, passed?.reason], [4, 'for-server'])
  assert.match(String(passed?.says), /If-Match/)
  await done(at)
})

test('a server that fails in the background, or cannot be reached in front of its client, is told as the reason', async () => {
  await using at = await shop({ grace: '1h' }, more)
  at.origin.says('/page', 'Cache-Control: max-age=60\r\nAge: 70\r\n')
  await get(at.gate.port, '/page')
  at.origin.says('/page', '', '503 Busy')
  await get(at.gate.port, '/page')
  await until(() => at.origin.count('/page') === 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
  assert.partialDeepStrictEqual((await told(at, '/page')).last, { stored: false, reason: 'server-error', status: 503 })
  const usage = await counted(at)
  assert.deepEqual([usage.refreshed, usage.refreshFailed], [0, 1])
  await at.origin[Symbol.asyncDispose]()
  await get(at.gate.port, '/new')
  const { last } = await told(at, '/new')
  assert.equal(last?.reason, 'connect_refused')
  assert.match(String(last?.fix), /Is it running/)
  await done(at)
})

test('each form of an answer has the entity tag with which clients get it: what was coded here a weak one', async () => {
  await using at = await shop({ compress: true }, more)
  const page = `${FRESH}Content-Type: text/html\r\n`
  at.origin.on('/strong', (asked) => asked.answer('line '.repeat(5000), `${page}ETag: "q"\r\n`))
  at.origin.on('/none', (asked) => asked.answer('line '.repeat(5000), page))
  for (const [path, plain, coded] of [
    ['/strong', '"q"', 'W/"q"'],
    ['/none', null, null],
  ] as const) {
    const gzip = (): Promise<Answered> => get(at.gate.port, path, 'Accept-Encoding: gzip\r\n')
    let answer = await gzip()
    for (let looks = 0; answer.field('content-encoding') === null; looks++) {
      assert.ok(looks < 1000, 'it was not coded')
      answer = await gzip()
    }
    assert.equal(answer.field('etag'), coded)
    const { variants } = await told(at, path)
    const tags = variants.map(({ coding, etag }) => [coding ?? 'plain', etag])
    assert.deepEqual(Object.fromEntries(tags), { plain, gzip: coded })
  }
  await done(at)
})

test('a variant tells for how long it will do, and what forbids to use it stale', async () => {
  await using at = await shop({ grace: '10s', graceUnderPressure: '1h', keep: '2h', key: { cookies: ['cur'] } }, more)
  for (const [path, fields] of [
    ['/free', FRESH],
    ['/shared', 'Cache-Control: s-maxage=60\r\n'],
    ['/asked', 'Cache-Control: max-age=60, no-cache\r\nETag: "a"\r\n'],
  ] as const) {
    at.origin.says(path, fields)
    await get(at.gate.port, path)
  }
  await get(at.gate.port, '/free', 'Cookie: cur=eur\r\n')
  const near = (value: unknown, expected: number): void =>
    assert.ok(Math.abs(Number(value) - expected) <= 5, `${value}`)
  const { variants } = await told(at, '/free')
  assert.deepEqual(variants.map(({ vary }) => (vary as Record<string, unknown>)['cookie cur']).sort(), [
    'cur=eur',
    null,
  ])
  for (const variant of variants) {
    near(variant.fresh, 60)
    near(variant.grace, 70)
    near(variant.pressure, 3660)
    assert.equal(variant.neverStale, null)
  }
  const [shared] = (await told(at, '/shared')).variants
  assert.equal(shared?.neverStale, 'must-revalidate')
  near(shared?.pressure, 60)
  assert.equal((await told(at, '/asked')).variants[0]?.neverStale, 'no-cache')
  await done(at)
})

test('where no route that caches takes what is named, a purge says so instead of done, and the report names no route', async () => {
  await using origin = await CacheOrigin.listen()
  await using gate = await headgate({
    ...more,
    cache: { size: '16MB', maxObject: '1MB' },
    pools: { shop: { servers: [origin.address] } },
    routes: [
      { name: 'pages', host: 'shop.test', to: 'shop', cache: true },
      { name: 'api', host: 'shop.test', path: '/api', to: 'shop' },
      { name: 'any', host: '*.img.test', path: '/i', to: 'shop', cache: { key: { host: false } } },
    ],
  })
  const at = { gate }
  for (const body of [
    { url: 'http://other.test/page' },
    { url: 'http://shop.test/api/1' },
    { url: 'http://other.test/page', force: true },
    { prefix: 'http://other.test/page' },
  ]) {
    const { status, says } = await call(at, 'purge', body)
    assert.equal(status, 404, JSON.stringify(body))
    assert.equal(says.type, 'urn:headgate:problem:nothing-cached-there')
    assert.match(String(says.fix), /pages \(shop\.test, \/\), any \(\*\.img\.test, \/i\)/)
  }
  // The last one is stored without regard to its host.
  for (const body of [
    { url: 'http://shop.test/page' },
    { url: 'http://shop.test/apis' },
    { prefix: 'http://shop.test/api/' },
    { prefix: '/' },
    { url: 'http://other.test/i/1' },
    { tags: ['none'] },
  ])
    assert.equal((await call(at, 'purge', body)).status, 200, JSON.stringify(body))
  assert.deepEqual((await told(at, '/page')).routes, ['pages'])
  assert.deepEqual((await told(at, '/page', 'other.test')).routes, [])
  assert.deepEqual((await told(at, '/i/1', 'other.test')).routes, ['any'])
  await settled(gate.gate)
})

test('what passes by is counted apart from what the cache had no answer for', async () => {
  await using at = await shop({ bypass: { cookies: ['session'] } }, more)
  at.origin.says('/page', FRESH)
  await get(at.gate.port, '/page')
  assert.ok(await stored(at, '/page'))
  for (let k = 0; k < 3; k++) await get(at.gate.port, '/page', 'Cookie: session=1\r\n')
  const usage = await counted(at)
  assert.deepEqual([usage.hits, usage.misses, usage.passes], [8, 1, 3])
  await done(at)
})

test('all that is stored for a URL is shown: the plain form, coded ones, variants, and what a trusted proxy said of it', async () => {
  const listeners = { web: {}, behind: { trustedProxies: ['127.0.0.1'] } }
  for (const proxied of [false, true]) {
    await using at = await shop(
      { compress: true },
      { ...more, listeners: { web: proxied ? listeners.behind : listeners.web } },
    )
    const text = 'x'.repeat(5000)
    const type = 'Content-Type: text/plain\r\n'
    at.origin.on('/coded', (one) => one.answer(text, `${FRESH}${type}`))
    at.origin.on('/varies', (one) => one.answer(text, `${FRESH}Vary: Accept-Language\r\n`))
    await get(at.gate.port, '/coded', 'Accept-Encoding: gzip\r\n')
    // It is made beside, without anybody waiting.
    for (let looks = 0; looks < 2000 && (await told(at, '/coded')).variants.length < 2; looks++);
    assert.deepEqual((await told(at, '/coded')).variants.map(({ coding }) => coding).sort(), ['gzip', null])
    for (const language of ['de', 'fr']) await get(at.gate.port, '/varies', `Accept-Language: ${language}\r\n`)
    const { variants } = await told(at, '/varies')
    assert.deepEqual(variants.map(({ vary }) => (vary as Record<string, string>)['accept-language']).sort(), [
      'de',
      'fr',
    ])
    await get(at.gate.port, '/coded', 'X-Forwarded-Host: else.test\r\n')
    assert.equal((await told(at, '/coded')).variants.length, proxied ? 3 : 2)
    assert.deepEqual((await told(at, '/cod')).variants, [])
    await done(at)
  }
})
