/** What the directives of answers and requests make of a stored answer (RFC 9111 §5.2), and what is safe without any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpDateIn, shop, sorted, twice } from '../../kit/cache-origin.ts'
import { until, verdictOf } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

test('no-store and private keep an answer out of the store, wherever they stand and however they are written (RFC 9111 §5.2.2.5, §5.2.2.7)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [`${FRESH}Cache-Control: extension="private, no-store"\r\n`, `${FRESH}Cache-Control: xprivate, no-storex\r\n`],
    [
      'Cache-Control: no-store\r\n',
      'Cache-Control: max-age=60, no-store\r\n',
      `${FRESH}Cache-Control: No-StorE\r\n`,
      `Cache-Control: no-store\r\nExpires: ${httpDateIn(60)}\r\n`,
      'Cache-Control: private, max-age=60\r\n',
      'Cache-Control: private=yes max-age=60, max-age=60\r\n',
      'Cache-Control: private, s-maxage=60\r\n',
      'Cache-Control: public, private, max-age=60\r\n',
    ],
  )
})

test('what is not stored is never answered with, not even when the next answer fails', async () => {
  await using at = await shop({ grace: '1h' })
  at.origin.on('/p', (asked, n) => {
    if (n === 1) asked.answer('secret', 'Cache-Control: no-store, max-age=60\r\nETag: "v"\r\n')
    else asked.answer('oh', '', '500 Oh')
  })
  assert.equal((await at.client.get('/p').response()).body, 'secret')
  const next = await at.client.get('/p').response()
  assert.deepEqual([next.status, next.body], [500, 'oh'])
  assert.doesNotMatch(at.origin.last('/p'), /if-none-match/i)
})

test('an answer that is not to be stored takes the place of what was stored before it (RFC 9111 §5.2.2.5)', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked, n) => asked.answer(`${n}`, n === 1 ? FRESH : 'Cache-Control: no-store\r\n'))
  assert.equal((await at.client.get('/p').response()).body, '1')
  assert.equal((await at.client.get('/p', 'Cache-Control: no-cache\r\n').response()).body, '2')
  assert.equal((await at.client.get('/p').response()).body, '3')
})

test('no-cache has every use asked for first, and a 304 lets the stored content be used (RFC 9111 §5.2.2.4)', async () => {
  await using at = await shop()
  at.origin.on('/p', (asked, n) => {
    const fields = 'Cache-Control: no-cache, max-age=60\r\nETag: "v"\r\n'
    if (/if-none-match: "v"/i.test(asked.head)) asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}X-N: ${n}\r\n\r\n`)
    else asked.answer(`body ${n}`, fields)
  })
  for (let n = 1; n <= 3; n++) {
    const answer = await at.client.get('/p').response()
    assert.deepEqual([answer.status, answer.body, at.origin.count('/p')], [200, 'body 1', n])
    if (n > 1) {
      assert.equal(answer.field('x-n'), String(n))
      assert.match(answer.field('cache-status') ?? '', /^gate; fwd=stale; fwd-status=304; ttl=\d+; stored$/)
    }
  }
  await sorted(at, [], ['Cache-Control: no-cache, max-age=60\r\n', 'Cache-Control: max-age=60, No-Cache\r\n'])
})

test('must-revalidate and proxy-revalidate change nothing while an answer is fresh, and forbid all use after (RFC 9111 §5.2.2.2)', async () => {
  await using at = await shop({ grace: '1h' })
  await sorted(
    at,
    ['Cache-Control: max-age=60, must-revalidate\r\n', 'Cache-Control: max-age=60, proxy-revalidate\r\n'],
    [
      'Cache-Control: max-age=60, must-revalidate\r\nAge: 61\r\n',
      'Cache-Control: max-age=60, proxy-revalidate\r\nAge: 61\r\n',
      'Cache-Control: s-maxage=60\r\nAge: 61\r\n',
      'Cache-Control: max-age=60, must-revalidate, stale-while-revalidate=600\r\nAge: 61\r\n',
    ],
  )
})

test('no-cache="field" and private="field" keep the field out of the store, and not the answer (RFC 9111 §5.2.2.4, §5.2.2.7)', async () => {
  await using at = await shop()
  for (const control of ['no-cache="X-Mine"', 'private="x-mine, x-other"', 'no-cache="x-mine", private="set-cookie"']) {
    const { hit, second } = await twice(
      at,
      `Cache-Control: ${control}, max-age=60\r\nX-Mine: secret\r\nX-All: open\r\n${control.includes('set-cookie') ? 'Set-Cookie: a=b\r\n' : ''}`,
    )
    assert.equal(hit, true, control)
    assert.deepEqual([second.field('x-mine'), second.field('set-cookie'), second.field('x-all')], [null, null, 'open'])
  }
})

test('a field that is not for all goes to the one who asked, and to nobody after (RFC 9111 §5.2.2.7)', async () => {
  await using at = await shop()
  at.origin.says(
    '/p',
    'Cache-Control: max-age=60, no-cache="set-cookie", private="x-you"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-You: me\r\n',
  )
  const cookies = (head: string): string[] => head.match(/^(set-cookie|x-you): .*$/gim) ?? []
  assert.deepEqual(cookies((await at.client.get('/p').response()).head), [
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'X-You: me',
  ])
  const next = await at.client.get('/p').response()
  assert.deepEqual([next.body, cookies(next.head)], ['p 1', []])
})

test('must-understand goes before no-store for a status whose rules are known, and forbids storing any other (RFC 9111 §5.2.2.3)', async () => {
  await using at = await shop()
  const fields = 'Cache-Control: must-understand, no-store, max-age=60\r\n'
  assert.equal((await twice(at, fields)).hit, true)
  assert.equal((await twice(at, fields, '404 Not Found')).hit, true)
  assert.equal((await twice(at, fields, '599 Odd')).hit, false)
  assert.equal((await twice(at, 'Cache-Control: must-understand, max-age=60\r\n', '599 Odd')).hit, false)
})

test('a Cache-Control whose quotes do not end forbids storing, must-understand beside it or not', async () => {
  await using at = await shop()
  for (const directives of ['max-age=60', 'must-understand, max-age=60', 'must-understand, no-store, max-age=60']) {
    const { hit, second } = await twice(at, `Cache-Control: ${directives}, private="x\r\n`)
    assert.equal(hit, false, directives)
    assert.match(second.field('cache-status') ?? '', /detail=unreadable$/)
  }
})

test('an answer to a request with Authorization is stored only by its server’s word (RFC 9111 §3.5)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [
      'Cache-Control: public, max-age=60\r\n',
      'Cache-Control: s-maxage=60\r\n',
      'Cache-Control: must-revalidate, max-age=60\r\n',
    ],
    [
      FRESH,
      `Expires: ${httpDateIn(60)}\r\n`,
      'Cache-Control: public, no-store\r\n',
      'Cache-Control: private, s-maxage=60\r\n',
    ],
    '200 OK',
    'Authorization: Basic dTpw\r\n',
  )
  // Once it is stored it is for all, and what was stored without it answers a request with it.
  at.origin.says('/all', 'Cache-Control: public, max-age=60\r\n')
  await at.client.get('/all', 'Authorization: Basic dTpw\r\n').response()
  assert.equal((await at.client.get('/all').response()).body, 'all 1')
  at.origin.says('/open', FRESH)
  await at.client.get('/open').response()
  assert.equal((await at.client.get('/open', 'Authorization: Basic dTpw\r\n').response()).body, 'open 1')
})

test('an answer that sets a cookie is not stored by default, and with when-public only if its server says it is for all', async () => {
  const cookie = 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n'
  const open = [`${cookie}Cache-Control: public, max-age=60\r\n`, `${cookie}Cache-Control: s-maxage=60\r\n`]
  await using safe = await shop()
  await sorted(safe, [], [`${cookie}${FRESH}`, ...open])
  await using at = await shop({ setCookie: 'when-public' })
  await sorted(at, open, [`${cookie}${FRESH}`, `${cookie}Expires: ${httpDateIn(60)}\r\n`])
  const { second } = await twice(at, open[0] ?? '')
  assert.deepEqual(second.head.match(/^set-cookie: .*$/gim), ['Set-Cookie: a=1', 'Set-Cookie: b=2'])
})

test('what is asked for with cookies is shared, unless its answer says otherwise', async () => {
  await using at = await shop()
  assert.equal((await twice(at, FRESH, '200 OK', 'Cookie: a=1\r\n')).hit, true)
})

test('CDN-Cache-Control goes before Cache-Control and Expires, and is passed on to the caches behind (RFC 9213 §2.2, §3.1)', async () => {
  await using at = await shop()
  await sorted(
    at,
    [
      'CDN-Cache-Control: max-age=60\r\nCache-Control: max-age=0\r\n',
      'CDN-Cache-Control: max-age=60\r\nCache-Control: no-store\r\n',
      'CDN-Cache-Control: max-age=60\r\nCache-Control: private\r\n',
      `CDN-Cache-Control: max-age=60\r\nExpires: ${httpDateIn(-60)}\r\n`,
      'CDN-Cache-Control: foo, max-age=60, bar="baz"\r\n',
      'CDN-Cache-Control: max-age=60;x=y\r\n',
      'CDN-Cache-Control: max-age=99999999999\r\n',
      'CDN-Cache-Control: max-age=1\r\nCDN-Cache-Control: max-age=60\r\n',
      `CDN-Cache-Control: \r\n${FRESH}`,
      `CDN-Cache-Control: max-age=0, &&&\r\n${FRESH}`,
      `CDN-Cache-Control: max-age=0 foo\r\n${FRESH}`,
    ],
    [
      `CDN-Cache-Control: max-age=0\r\n${FRESH}`,
      `CDN-Cache-Control: no-store\r\n${FRESH}`,
      `CDN-Cache-Control: private\r\n${FRESH}`,
      `CDN-Cache-Control: no-cache\r\n${FRESH}`,
      `CDN-Cache-Control: max-age="60"\r\n${FRESH}`,
      `CDN-Cache-Control: max-age=60.5\r\n${FRESH}`,
      `CDN-Cache-Control: MAX-AGE=60\r\n${'Cache-Control: no-store\r\n'}`,
      'CDN-Cache-Control: max-age=60\r\nAge: 61\r\n',
    ],
  )
  const { second } = await twice(at, 'CDN-Cache-Control: max-age=60\r\nCache-Control: max-age=5\r\n')
  assert.deepEqual([second.field('cdn-cache-control'), second.field('cache-control')], ['max-age=60', 'max-age=5'])
})

test('the first targeted field of the route’s list that can be read is the one that counts (RFC 9213 §2.2)', async () => {
  await using at = await shop({ targeted: ['gate-cache-control', 'cdn-cache-control'] })
  await sorted(
    at,
    [
      'CDN-Cache-Control: max-age=0\r\nGate-Cache-Control: max-age=60\r\n',
      `CDN-Cache-Control: max-age=60\r\nGate-Cache-Control: @\r\n`,
    ],
    [`CDN-Cache-Control: max-age=60\r\nGate-Cache-Control: no-store\r\n${FRESH}`],
  )
  await using none = await shop({ targeted: [] })
  await sorted(none, [`CDN-Cache-Control: no-store\r\n${FRESH}`], ['CDN-Cache-Control: max-age=60\r\n'])
})

test('Surrogate-Control counts where the route listens to it and is then kept from clients; elsewhere it is passed on', async () => {
  await using at = await shop({ surrogateControl: true })
  await sorted(
    at,
    [
      'Surrogate-Control: max-age=60\r\nCache-Control: no-store\r\n',
      'Surrogate-Control: content="ESI/1.0", max-age=60+30\r\n',
      `Surrogate-Control: content="ESI/1.0"\r\n${FRESH}`,
    ],
    [`Surrogate-Control: no-store\r\n${FRESH}`, `Surrogate-Control: max-age=0\r\n${FRESH}`],
  )
  for (const control of ['max-age=60', 'max-age=0', 'no-store']) {
    const { hit, second } = await twice(at, `Surrogate-Control: ${control}\r\n`)
    assert.deepEqual([hit, second.field('surrogate-control')], [control === 'max-age=60', null], control)
  }
  await using deaf = await shop()
  const passed = await twice(deaf, `Surrogate-Control: no-store\r\n${FRESH}`)
  assert.deepEqual([passed.hit, passed.second.field('surrogate-control')], [true, 'no-store'])
  await sorted(deaf, [], ['Surrogate-Control: max-age=60\r\n'])
})

test('servers are told that Surrogate-Control is heeded, whatever is asked for, and by whom else it may be', async () => {
  await using at = await shop({ surrogateControl: true, bypass: { paths: ['/bypass'] } })
  const ours = 'gate="Surrogate/1.0"'
  const told = (head: string): string[] =>
    [...head.matchAll(/^surrogate-capability: (.*?)\r?$/gim)].map(([, value]) => value ?? '')
  const fields = 'Surrogate-Control: max-age=1\r\nCache-Control: max-age=0\r\nETag: "v"\r\n'
  at.origin.says('/p', fields).says('/bypass', '')
  await at.client.get('/p').response()
  assert.deepEqual(told(at.origin.last('/p')), [ours])
  await at.client.get('/p', 'Cache-Control: no-cache\r\n').response()
  assert.match(at.origin.last('/p'), /If-None-Match: "v"/)
  assert.deepEqual(told(at.origin.last('/p')), [ours])
  await at.client.get('/p', 'Cache-Control: no-cache\r\nSurrogate-Capability: other="ESI/1.0"\r\n').response()
  assert.deepEqual(told(at.origin.last('/p')), [ours], 'nobody outside may say that he can more')
  await at.client.get('/bypass').response()
  assert.deepEqual(told(at.origin.last('/bypass')), [ours])
  await at.client.send('POST /post HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\nhi').response()
  assert.deepEqual(told(at.origin.last('/post')), [ours])

  const listeners = { web: { trustedProxies: ['loopback'] } }
  await using behind = await shop({ surrogateControl: true }, { listeners })
  behind.origin.says('/p', fields)
  await behind.client.get('/p', 'Surrogate-Capability: other="ESI/1.0"\r\n').response()
  assert.deepEqual(told(behind.origin.last('/p')).join(', '), `other="ESI/1.0", ${ours}`)

  await using deaf = await shop()
  await deaf.client.get('/p', 'Surrogate-Capability: other="ESI/1.0"\r\n').response()
  assert.deepEqual(told(deaf.origin.last('/p')), ['other="ESI/1.0"'])
})

test('a refresh in the background tells servers of Surrogate-Control as well', async () => {
  await using at = await shop({ surrogateControl: true, grace: '1m' })
  at.origin.says('/late', 'Surrogate-Control: max-age=60\r\nAge: 70\r\n')
  for (let k = 0; k < 2; k++) await at.client.get('/late').response()
  await until(() => at.origin.count('/late') === 2)
  assert.match(at.origin.last('/late'), /\r\nSurrogate-Capability: gate="Surrogate\/1\.0"(\r\n|$)/)
})

test('a client’s max-age, min-fresh and no-cache have a fresh answer fetched again (RFC 9111 §5.2.1)', async () => {
  await using at = await shop()
  at.origin.says('/old', 'Cache-Control: max-age=60\r\nAge: 30\r\n')
  const again = async (ask: string): Promise<boolean> => {
    const before = at.origin.count('/old')
    await at.client.get('/old', ask).response()
    return at.origin.count('/old') > before
  }
  assert.equal(await again(''), true)
  for (const ask of [
    '',
    'Cache-Control: max-age=45\r\n',
    'Cache-Control: min-fresh=15\r\n',
    'Cache-Control: max-stale=5\r\n',
    'Cache-Control: max-stale\r\n',
    'Cache-Control: max-age=45, min-fresh=10\r\n',
    'Pragma: foo\r\n',
    'Pragma: no-cache\r\nCache-Control: max-age=45\r\n',
    'Cache-Control: only-if-cached\r\n',
    'Cache-Control: no-store\r\n',
  ])
    assert.equal(await again(ask), false, ask)
  for (const ask of [
    'Cache-Control: no-cache\r\n',
    'Cache-Control: max-age=0\r\n',
    'Cache-Control: max-age=10\r\n',
    'Cache-Control: max-age=10, max-stale=60\r\n',
    'Cache-Control: min-fresh=45\r\n',
    'Pragma: no-cache\r\n',
  ])
    assert.equal(await again(ask), true, ask)
})

test('requests that ask are ignored where the route says so, but no-store and only-if-cached count', async () => {
  await using at = await shop({ requestDirectives: 'ignore' })
  at.origin.says('/p', FRESH)
  for (const ask of [
    '',
    'Cache-Control: no-cache\r\n',
    'Pragma: no-cache\r\n',
    'Cache-Control: max-age=0, min-fresh=90\r\n',
  ])
    assert.equal((await at.client.get('/p', ask).response()).body, 'p 1')
  at.origin.says('/q', FRESH)
  await at.client.get('/q', 'Cache-Control: no-store\r\n').response()
  assert.equal((await at.client.get('/q').response()).body, 'q 2')
  assert.equal(verdictOf(await at.client.get('/r', 'Cache-Control: only-if-cached\r\n').response()), '504 not_cached')
})

test('max-stale lets a client have what is stale, as far as it says and the server does not forbid it (RFC 9111 §5.2.1.2)', async () => {
  await using at = await shop()
  at.origin.says('/p', 'Cache-Control: max-age=1\r\n')
  at.origin.says('/must', 'Cache-Control: max-age=1, must-revalidate\r\nETag: "m"\r\n')
  await at.client.get('/p').response()
  await at.client.get('/must').response()
  await new Promise((resolve) => setTimeout(resolve, 1050))
  // Nothing of the operator keeps it, so what has no validator is gone with its freshness.
  assert.equal((await at.client.get('/must', 'Cache-Control: max-stale=60\r\n').response()).body, 'must 2')
  at.origin.says('/v', 'Cache-Control: max-age=1\r\nETag: "v"\r\n')
  await at.client.get('/v').response()
  await new Promise((resolve) => setTimeout(resolve, 1050))
  const stale = await at.client.get('/v', 'Cache-Control: max-stale=60\r\n').response()
  assert.equal(stale.body, 'v 1')
  assert.match(stale.field('cache-status') ?? '', /^gate; hit; ttl=-[12]; detail=grace$/)
})

test('no-store of a request has its answer passed by, and leaves alone what is stored (RFC 9111 §5.2.1.5)', async () => {
  await using at = await shop()
  at.origin.says('/p', FRESH)
  const first = await at.client.get('/p', 'Cache-Control: no-store\r\n').response()
  assert.equal(first.field('cache-status'), 'gate; fwd=request')
  assert.equal((await at.client.get('/p').response()).body, 'p 2')
  assert.equal((await at.client.get('/p').response()).body, 'p 2')
})

test('only-if-cached gets what is stored, and 504 not_cached with its diagnosis where nothing usable is (RFC 9111 §5.2.1.7)', async () => {
  await using at = await shop()
  at.origin.says('/p', FRESH)
  const ask = 'Cache-Control: only-if-cached\r\nAccept: application/problem+json\r\n'
  const refused = await at.client.get('/p', ask).response()
  assert.equal(verdictOf(refused), '504 not_cached')
  assert.equal(refused.field('proxy-status'), 'gate; details="not_cached"')
  assert.match(refused.body, /not_cached/)
  assert.equal(at.origin.requests, 0)
  await at.client.get('/p').response()
  const kept = await at.client.get('/p', ask).response()
  assert.deepEqual([kept.status, kept.body], [200, 'p 1'])
  // What is there and does not do is not fetched either: the client said so.
  for (const more of ['max-age=0', 'no-cache', 'min-fresh=90'])
    assert.equal(
      verdictOf(await at.client.get('/p', `Cache-Control: only-if-cached, ${more}\r\n`).response()),
      '504 not_cached',
      more,
    )
  assert.equal(at.origin.requests, 1)
})

test('immutable spares a reload the way to the server while the answer is fresh, unless it insists by no-cache (RFC 8246 §2)', async () => {
  await using at = await shop()
  at.origin.says('/asset', 'Cache-Control: max-age=60, immutable\r\nAge: 5\r\n')
  await at.client.get('/asset').response()
  assert.equal((await at.client.get('/asset', 'Cache-Control: max-age=0\r\n').response()).body, 'asset 1')
  assert.equal((await at.client.get('/asset', 'Cache-Control: no-cache\r\n').response()).body, 'asset 2')
})

test('Pragma of an answer means nothing (RFC 9111 §5.4)', async () => {
  await using at = await shop()
  await sorted(at, [`${FRESH}Pragma: no-cache\r\n`, `Expires: ${httpDateIn(60)}\r\nPragma: no-cache\r\n`], [])
})
