/** What somebody gets whose request was refused or failed: in the form it asked for, with nothing of the inside in it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answered, Client, get } from '../../kit/client.ts'
import { Farm } from '../../kit/farm.ts'
import { headgate } from '../../kit/headgate.ts'
import { logged } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { verdictOf } from '../../kit/settle.ts'

const BROWSER = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n'

/** A pool whose only server is in maintenance: everything is shed with no_server. */
async function closedShop(settings: Record<string, unknown> = {}) {
  const hg = await headgate({ name: 'gate', pools: { shop: { servers: ['127.0.0.1:1'] } }, ...settings })
  hg.gate.setAdminState('shop', '127.0.0.1:1', 'maint')
  return hg
}

/** The framing of an answer is exact. */
function whole(answer: Answered): Answered {
  assert.equal(answer.complete, true)
  assert.equal(Number(answer.field('content-length')), answer.body.length)
  assert.match(answer.field('date') ?? '', /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/)
  assert.equal(answer.field('cache-control'), 'no-store')
  return answer
}

for (const [who, fields, type] of [
  ['a browser', BROWSER, 'text/html; charset=utf-8'],
  ['a program that reads JSON', 'Accept: application/json\r\n', 'application/problem+json'],
  [
    'a program that knows problem details',
    'Accept: application/problem+json, text/html;q=0.5\r\n',
    'application/problem+json',
  ],
  ['curl', 'Accept: */*\r\n', 'text/plain; charset=utf-8'],
  ['who says nothing', '', 'text/plain; charset=utf-8'],
  ['who wants a picture', 'Accept: image/*\r\n', 'text/plain; charset=utf-8'],
] as const) {
  test(`${who} is answered in ${type}`, async () => {
    await using hg = await closedShop()
    const answer = whole(await get(hg.port, '/', fields))
    assert.equal(verdictOf(answer), '503 no_server')
    assert.equal(answer.field('content-type'), type)
  })
}

test('all three forms say the same: status, sentence, incident, when to come back; and the log has the incident', async () => {
  await using hg = await logged(`threads: 1
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools: { shop: { servers: ["127.0.0.1:1"] } }
`)
  hg.gate.setAdminState('shop', '127.0.0.1:1', 'maint')
  const html = whole(await get(hg.port, '/html', BROWSER))
  const json = whole(await get(hg.port, '/json', 'Accept: application/json\r\n'))
  const text = whole(await get(hg.port, '/text'))
  const lines = await hg.log()
  const incident = (path: string): string => lines.find(({ target }) => target === path)?.incident ?? '?'

  const wait = (answer: Answered): string => {
    const seconds = answer.field('retry-after')
    return seconds === '1' ? '1 second' : `${seconds} seconds`
  }
  assert.equal(
    text.body,
    `503 Service Unavailable\nThe site is not available at the moment. Please try again in ${wait(text)}.\nIncident ${incident('/text')} (no_server)\n`,
  )
  assert.deepEqual(JSON.parse(json.body), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'The site is not available at the moment. Please try again shortly.',
    cause: 'no_server',
    incident: incident('/json'),
    retryAfter: Number(json.field('retry-after')),
  })
  assert.match(html.body, /^<!doctype html>\n<html lang="en">/)
  assert.ok(html.body.includes('<title>503 Service Unavailable</title>'))
  assert.ok(html.body.includes('<h1>The site is not available at the moment.</h1>'))
  assert.ok(html.body.includes(`Please try again in ${wait(html)}.`))
  assert.ok(html.body.includes(`<code>${incident('/html')}</code>`))
  assert.doesNotMatch(html.body, /<script|https?:|src=/i)
  assert.equal(new Set(lines.map((line) => line.incident)).size, 3)
})

test('Retry-After is spread around the configured time, so that the crowd does not come back as one', async () => {
  await using hg = await closedShop({ retryAfter: '8s' })
  using client = await Client.connect(hg.port)
  const seen = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const answer = await client.get('/').response()
    const seconds = Number(answer.field('retry-after'))
    assert.match(answer.field('retry-after') ?? '', /^\d+$/)
    assert.ok(seconds >= 4 && seconds <= 13, `${seconds} s`)
    seen.add(seconds)
  }
  assert.ok(seen.size >= 4, `only ${[...seen]}`)
})

test('what proxyStatus says is told, and no more: off, cause, full', async () => {
  await using farm = await Farm.listen(1, true)
  const server = farm.address('a')
  const pools = { shop: { servers: [{ address: server, maxConnections: 1 }], queue: { max: 1, timeout: '9s' } } }
  const seen: Record<string, Answered> = {}
  for (const proxyStatus of ['off', 'cause', 'full']) {
    const before = farm.order.length
    await using hg = await headgate({ name: 'gate', proxyStatus, pools })
    const held = [get(hg.port, '/')]
    await farm.came(before + 1)
    hg.gate.setLimit('pools.shop.queue.max', 0)
    seen[proxyStatus] = whole(await get(hg.port, '/', BROWSER))
    farm.releaseAll()
    await Promise.all(held)
  }
  const { off, cause, full } = seen
  assert.equal(off?.field('proxy-status'), null)
  assert.doesNotMatch(`${off?.head}${off?.body}`, /pool_full|queue_full|gate/)
  assert.equal(cause?.field('proxy-status'), 'gate; error=connection_limit_reached; details="pool_full"')
  assert.match(cause?.body ?? '', /&middot; pool_full<\/p>/)
  assert.equal(
    full?.field('proxy-status'),
    'gate; error=connection_limit_reached; details="pool_full; gate pool shop; limit 1; observed 1; setting pools.shop.servers[0].maxConnections"',
  )
  for (const { body } of [off, cause, full] as Answered[])
    assert.doesNotMatch(body, /maxConnections|pools|127\.0\.0\.1/)
})

test('own pages are taken by cause, by status, by default, for those who want HTML; holes are filled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const page = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const errorPages = {
    no_server: page(
      'gone.html',
      '<p>Gäste: {{ sentence }} {{tryAgain}} <b>{{incident}}</b> {{cause}} {{retryAfter}}</p>',
    ),
    502: page('bad.html', '<p>{{status}} {{title}} {{incident}}{{retryAfter}}</p>'),
    default: page('any.html', '<p>any {{status}}</p>'),
  }
  try {
    await using hg = await headgate({
      errorPages,
      pools: { shop: { servers: ['127.0.0.1:1'] }, other: { servers: ['127.0.0.1:2'] } },
      routes: [
        { to: 'shop', host: 'shop.test' },
        { to: 'other', host: 'shop.test', path: '/other' },
      ],
    })
    hg.gate.setAdminState('shop', '127.0.0.1:1', 'maint')
    const own = whole(await get(hg.port, '/', BROWSER))
    const seconds = own.field('retry-after')
    const text = Buffer.from(own.body, 'latin1').toString('utf8')
    assert.match(
      text,
      new RegExp(
        `^<p>Gäste: The site is not available at the moment\\. Please try again shortly\\. Please try again in ${seconds} seconds?\\. <b>[0-9A-Z]{14}</b> no_server ${seconds}</p>$`,
      ),
    )
    const failed = whole(await get(hg.port, '/other', BROWSER))
    assert.match(failed.body, /^<p>502 Bad Gateway [0-9A-Z]{14}<\/p>$/)
    using stranger = await Client.connect(hg.port)
    stranger.send(`GET / HTTP/1.1\r\nHost: elsewhere.test\r\n${BROWSER}\r\n`)
    assert.equal(whole(await stranger.response()).body, '<p>any 404</p>')
    assert.match((await get(hg.port, '/')).body, /^503 Service Unavailable\n/, 'text stays as it is')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('HEAD gets the length of the page and no page, and the connection goes on', async () => {
  await using hg = await closedShop()
  using client = await Client.connect(hg.port)
  client.send(`HEAD / HTTP/1.1\r\nHost: shop.test\r\n${BROWSER}\r\nGET / HTTP/1.1\r\nHost: shop.test\r\n${BROWSER}\r\n`)
  const head = await client.response('HEAD')
  assert.equal(head.status, 503)
  assert.ok(Number(head.field('content-length')) > 500)
  const page = whole(await client.response())
  assert.match(page.body, /^<!doctype html>/)
  assert.equal(client.pending, '')
})

test('after a refusal or a failure the connection goes on wherever the request was read to its end', async () => {
  await using origin = await Origin.listen((asked) => (asked.head.includes('/cut') ? asked.end() : asked.answer('ok')))
  await using hg = await headgate({
    listeners: { web: { limits: { body: 100 } } },
    pools: { shop: { servers: [origin.address] }, none: { servers: ['127.0.0.1:1'] } },
    routes: [
      { to: 'shop', host: 'shop.test' },
      { to: 'none', host: 'shop.test', path: '/none' },
    ],
  })
  using client = await Client.connect(hg.port)
  assert.equal(verdictOf(await client.get('/none').response()), '502 connect_refused')
  assert.equal(verdictOf(await client.get('/cut').response()), '502 response_cut')
  client.send('GET / HTTP/1.1\r\nHost: other.test\r\n\r\n')
  assert.equal(verdictOf(await client.response()), '404 no_route')
  client.send('POST /cut HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi')
  const post = await client.response()
  assert.equal(verdictOf(post), '502 response_cut')
  assert.equal(post.field('connection'), null)
  assert.equal((await client.get('/').response()).body, 'ok')
  // HTTP/1.0 has to be told that it goes on.
  client.send('GET /none HTTP/1.0\r\nHost: shop.test\r\nConnection: keep-alive\r\n\r\n')
  assert.equal((await client.response()).field('connection'), 'keep-alive')
  // What was not read might be taken for a request: here the connection ends, after the answer has been read.
  client.send(`POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 101\r\n\r\n${'x'.repeat(101)}`)
  const large = await client.response()
  assert.equal(verdictOf(large), '413 body_too_large')
  assert.equal(large.field('connection'), 'close')
  assert.equal(await client.closed(), '')
  assert.equal(client.error, null)
})

for (const [what, bytes] of [
  ['a malformed request', 'GET / HTTP/1.1\r\nHost: a\r\nBad Field: 1\r\n\r\n'],
  ['a client that wants to close', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
] as const) {
  test(`the connection ends after the answer to ${what}`, async () => {
    await using hg = await closedShop()
    using client = await Client.connect(hg.port)
    const answer = whole(await client.send(bytes).response())
    assert.ok(answer.status >= 400)
    assert.equal(answer.field('connection'), 'close')
    assert.equal(await client.closed(), '')
    assert.equal(client.error, null)
  })
}
