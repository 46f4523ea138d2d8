/** What is stored once goes out in each coding that clients take: made here, with Vary and validators right (RFC 9110 §8.4, §8.8.3.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { type Answered, Client, get } from '../../kit/client.ts'

const PAGE = 'Cache-Control: max-age=60\r\nContent-Type: text/html\r\n'
/** Three pieces of a compressor and more, which gets shorter. */
const LONG = Array.from({ length: 30_000 }, (_, i) => `line ${i}`).join('\n')

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const

function decoded(answer: Answered): string {
  const coding = answer.field('content-encoding')
  if (coding === null) return answer.body
  return decoders[coding as keyof typeof decoders](Buffer.from(answer.body, 'latin1')).toString('latin1')
}

/** Asks again until the answer is coded; the first ones are not, as nobody waits for the compressor. */
async function coded(client: Client, path: string, accept: string, fields = ''): Promise<Answered> {
  const end = performance.now() + 5000
  for (;;) {
    const answer = await client.get(path, `Accept-Encoding: ${accept}\r\n${fields}`).response()
    if (answer.field('content-encoding') !== null) return answer
    assert.ok(performance.now() < end, `${path} was not coded: ${answer.head}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Asks often enough that a coded form would have been made, and sees that none is given away. */
async function plain(at: Shop, path: string, accept = 'gzip'): Promise<Answered> {
  // What may be coded is asked for behind it, so that the compressor has had its turn.
  at.origin.on('/behind', (asked) => asked.answer(LONG, PAGE))
  const ask = `Accept-Encoding: ${accept}\r\n`
  for (let i = 0; i < 2; i++) await at.client.get(path, ask).response()
  await coded(at.client, `/behind?${at.origin.requests}`, 'gzip')
  const answer = await at.client.get(path, ask).response()
  assert.equal(answer.field('content-encoding'), null, answer.head)
  return answer
}

/** A page of this path, with an entity tag and a date. */
function longPage(at: Shop, path: string, fields = ''): void {
  const modified = 'Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n'
  at.origin.on(path, (asked) => asked.answer(LONG, `${PAGE}ETag: "x"\r\n${modified}Accept-Ranges: bytes\r\n${fields}`))
}

test('one fetch serves all codings, and each client gets the one that it takes', async () => {
  await using at = await shop({ compress: true })
  longPage(at, '/p', 'Vary: Accept-Encoding\r\n')
  const first = await at.client.get('/p', 'Accept-Encoding: gzip\r\n').response()
  assert.equal(first.field('content-encoding'), null)
  assert.equal(first.body, LONG)
  for (const coding of ['gzip', 'br', 'zstd']) {
    const answer = await coded(at.client, '/p', coding)
    assert.equal(answer.field('content-encoding'), coding)
    assert.equal(answer.field('content-length'), String(answer.body.length))
    assert.ok(answer.body.length < LONG.length / 2)
    assert.equal(decoded(answer), LONG, coding)
    assert.match(answer.field('cache-status') ?? '', /^gate; hit/)
  }
  assert.equal((await coded(at.client, '/p', 'gzip, br, zstd')).field('content-encoding'), 'zstd')
  assert.equal((await coded(at.client, '/p', 'gzip, br;q=0.5')).field('content-encoding'), 'gzip')
  for (const ask of ['', 'Accept-Encoding: identity\r\n', 'Accept-Encoding: gzip;q=0, *;q=0\r\n'])
    assert.equal((await at.client.get('/p', ask).response()).body, LONG)
  assert.equal(at.origin.count('/p'), 1)
  assert.doesNotMatch(at.origin.last('/p'), /accept-encoding/i)
})

test('all forms of what may be coded say Vary: Accept-Encoding, and what may not does not', async () => {
  await using at = await shop({ compress: true })
  longPage(at, '/p', 'Vary: X-A\r\n')
  at.origin.on('/i', (asked) => asked.answer(LONG, 'Cache-Control: max-age=60\r\nContent-Type: image/png\r\n'))
  const varies = (answer: Answered): number => answer.head.match(/^Vary: Accept-Encoding\r?$/gm)?.length ?? 0
  assert.equal(varies(await at.client.get('/p').response()), 1)
  assert.equal(varies(await at.client.get('/p').response()), 1)
  assert.equal(varies(await coded(at.client, '/p', 'br')), 1)
  assert.equal(varies(await at.client.get('/p', 'If-None-Match: "x"\r\n').response()), 1)
  assert.equal(varies(await at.client.get('/p', 'Range: bytes=0-1\r\n').response()), 1)
  assert.equal(varies(await plain(at, '/i')), 0)
})

test('a server that is not told of Accept-Encoding, and codes all the same, is taken at its word', async () => {
  await using at = await shop({ compress: true })
  at.origin.on('/p', (asked) =>
    asked.answer('coded there', `${PAGE}Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n`),
  )
  for (let i = 0; i < 2; i++) {
    const answer = await at.client.get('/p', 'Accept-Encoding: gzip\r\n').response()
    assert.equal(answer.body, 'coded there')
    assert.equal(answer.field('content-encoding'), 'gzip')
  }
  assert.equal(at.origin.count('/p'), 1)
})

test('what is short, of another type, coded already, not to be changed or not a 200 stays as it is', async () => {
  await using at = await shop({ compress: { types: ['text/*'], min: 500 } })
  const cases: readonly (readonly [string, string, string, string?])[] = [
    ['/short', 'x'.repeat(499), PAGE],
    ['/type', LONG, 'Cache-Control: max-age=60\r\nContent-Type: application/json\r\n'],
    ['/untyped', LONG, 'Cache-Control: max-age=60\r\n'],
    ['/fixed', LONG, 'Cache-Control: max-age=60, no-transform\r\nContent-Type: text/html\r\n'],
    ['/missing', LONG, PAGE, '404 Not Found'],
    ['/digest', LONG, `${PAGE}Repr-Digest: sha-256=:AA==:\r\n`],
  ]
  for (const [path, body, fields, status = '200 OK'] of cases) {
    at.origin.on(path, (asked) => asked.answer(body, fields, status))
    const answer = await plain(at, path)
    assert.equal(answer.body, body, path)
    assert.equal(answer.field('vary'), null, path)
    assert.equal(at.origin.count(path), 1, path)
  }
  at.origin.on('/enough', (asked) => asked.answer('x'.repeat(500), PAGE))
  assert.equal(decoded(await coded(at.client, '/enough', 'br')), 'x'.repeat(500))
})

test('without compress nothing is coded, and the server learns what the client takes', async () => {
  await using at = await shop()
  longPage(at, '/p')
  for (let i = 0; i < 3; i++) {
    const answer = await at.client.get('/p', 'Accept-Encoding: gzip\r\n').response()
    assert.deepEqual([answer.body === LONG, answer.field('vary'), answer.field('etag')], [true, null, '"x"'])
  }
  assert.match(at.origin.last('/p'), /^Accept-Encoding: gzip$/m)
})

test('what does not get shorter is not coded', async () => {
  await using at = await shop({ compress: { min: 1 } })
  at.origin.on('/tiny', (asked) => asked.answer('abc', PAGE))
  const answer = await plain(at, '/tiny', 'zstd')
  assert.equal(answer.body, 'abc')
  assert.equal(answer.field('vary'), 'Accept-Encoding')
})

test('a body whose length nobody stated is coded when it is complete', async () => {
  await using at = await shop({ compress: true })
  at.origin.on('/p', (asked) =>
    asked.say(
      `HTTP/1.1 200 OK\r\n${PAGE}Transfer-Encoding: chunked\r\n\r\n${LONG.length.toString(16)}\r\n${LONG}\r\n0\r\n\r\n`,
    ),
  )
  assert.equal(decoded(await coded(at.client, '/p', 'gzip')), LONG)
  assert.equal(at.origin.count('/p'), 1)
})

test('the coded form has the tag as a weak one, and either form of it gets 304 from clients of either kind', async () => {
  await using at = await shop({ compress: true })
  longPage(at, '/p')
  assert.equal((await at.client.get('/p').response()).field('etag'), '"x"')
  const answer = await coded(at.client, '/p', 'gzip')
  assert.equal(answer.field('etag'), 'W/"x"')
  for (const [ask, etag] of [
    ['', '"x"'],
    ['Accept-Encoding: gzip\r\n', 'W/"x"'],
    ['Accept-Encoding: br\r\n', 'W/"x"'],
  ] as const) {
    for (const tag of ['"x"', 'W/"x"', '"a", W/"x"', '*']) {
      const same = await at.client.get('/p', `${ask}If-None-Match: ${tag}\r\n`).response()
      assert.deepEqual([same.status, same.field('etag'), same.field('content-encoding')], [304, etag, null], ask + tag)
      assert.equal(same.field('vary'), 'Accept-Encoding')
    }
    const other = await at.client.get('/p', `${ask}If-None-Match: "y"\r\n`).response()
    assert.equal(other.status, 200)
    assert.equal(decoded(other), LONG)
  }
  const since = 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n'
  assert.equal((await at.client.get('/p', `Accept-Encoding: gzip\r\n${since}`).response()).status, 304)
  assert.equal(at.origin.count('/p'), 1)
})

test('ranges are of the form that is stored; who may have a part of the coded one gets all (RFC 9110 §15.3.7.3)', async () => {
  await using at = await shop({ compress: true })
  longPage(at, '/p')
  const answer = await coded(at.client, '/p', 'gzip')
  assert.equal(answer.field('accept-ranges'), null)
  assert.equal((await at.client.get('/p').response()).field('accept-ranges'), 'bytes')
  const ask = 'Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n'
  for (const condition of ['', 'If-Range: "x"\r\n']) {
    const part = await at.client.get('/p', ask + condition).response()
    assert.deepEqual([part.status, part.body, part.field('etag')], [206, LONG.slice(0, 10), '"x"'], condition)
    assert.equal(part.field('content-encoding'), null)
  }
  for (const condition of ['If-Range: W/"x"\r\n', 'If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n']) {
    const all = await at.client.get('/p', ask + condition).response()
    assert.equal(all.status, 200, condition)
    assert.equal(decoded(all), LONG)
  }
  const plainPart = await at.client
    .get('/p', 'Range: bytes=0-9\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
    .response()
  assert.equal(plainPart.status, 206)
})

test('HEAD tells what GET would get (RFC 9110 §9.3.2)', async () => {
  await using at = await shop({ compress: true })
  longPage(at, '/p')
  const head = (ask: string): Promise<Answered> =>
    at.client.send(`HEAD /p HTTP/1.1\r\nHost: shop.test\r\n${ask}\r\n`).response('HEAD')
  const answer = await coded(at.client, '/p', 'gzip')
  const same = await head('Accept-Encoding: gzip\r\n')
  for (const name of ['content-encoding', 'content-length', 'etag', 'vary'])
    assert.equal(same.field(name), answer.field(name), name)
  assert.equal((await head('')).field('content-length'), String(LONG.length))
})

test('a HEAD that reaches the server is about the form that is stored, and does not make it stale', async () => {
  await using at = await shop({ compress: true, keep: '1h' })
  at.origin.on('/p', (asked) => {
    const tag = /^accept-encoding: gzip/im.test(asked.head) ? '"small"' : '"x"'
    const fields = `Cache-Control: max-age=60\r\nContent-Type: text/html\r\nETag: ${tag}\r\n`
    if (asked.head.startsWith('HEAD')) asked.say(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${LONG.length}\r\n\r\n`)
    else asked.answer(LONG, fields)
  })
  await coded(at.client, '/p', 'gzip')
  const anew = 'Accept-Encoding: gzip\r\nCache-Control: no-cache\r\n'
  const head = await at.client.send(`HEAD /p HTTP/1.1\r\nHost: shop.test\r\n${anew}\r\n`).response('HEAD')
  assert.equal(head.field('etag'), '"x"')
  assert.match(at.origin.last('/p'), /^HEAD/)
  const answer = await at.client.get('/p', 'Accept-Encoding: gzip\r\n').response()
  assert.equal(decoded(answer), LONG)
  assert.equal(answer.field('content-encoding'), 'gzip')
  assert.equal(at.origin.count('/p'), 2)
})

test('a coded form outlives a validation, and goes with what it was made from', async () => {
  await using at = await shop({ compress: true, keep: '1h' })
  let tag = '"a"'
  at.origin.on('/p', (asked) => {
    const fields = `Cache-Control: max-age=60\r\nContent-Type: text/html\r\nETag: ${tag}\r\n`
    if (asked.head.includes(`If-None-Match: ${tag}`))
      asked.say(`HTTP/1.1 304 Not Modified\r\n${fields}X-New: 1\r\n\r\n`)
    else asked.answer(`${tag}${LONG}`, fields)
  })
  assert.equal(decoded(await coded(at.client, '/p', 'gzip')), `"a"${LONG}`)
  const anew = 'Accept-Encoding: gzip\r\nCache-Control: no-cache\r\n'
  const validated = await at.client.get('/p', anew).response()
  assert.match(at.origin.last('/p'), /If-None-Match: "a"/)
  // At once, without another turn of the compressor, and with what is new in the head.
  assert.equal(validated.field('content-encoding'), 'gzip')
  assert.equal(validated.field('x-new'), '1')
  assert.equal(decoded(validated), `"a"${LONG}`)
  tag = '"b"'
  const other = await at.client.get('/p', anew).response()
  assert.equal(decoded(other), `"b"${LONG}`)
  assert.equal(decoded(await coded(at.client, '/p', 'gzip')), `"b"${LONG}`)
  assert.equal(at.origin.count('/p'), 3)
})

/** Objects in the store. */
async function objects(at: Shop): Promise<number> {
  const answer = await fetch(`http://${at.gate.gate.admin}/v1/cache`)
  return ((await answer.json()) as { objects: number }).objects
}

test('a purge ends all forms at once, on every thread, and their memory is given back', async () => {
  await using at = await shop({ compress: true, purge: ['loopback'] }, { threads: 2, admin: { bind: '127.0.0.1:0' } })
  let n = 1
  at.origin.on('/p', (asked) => asked.answer(`${n} ${LONG}`, PAGE))
  const fill = async (): Promise<void> => {
    for (const coding of ['gzip', 'br']) assert.equal(decoded(await coded(at.client, '/p', coding)), `${n} ${LONG}`)
    assert.equal(await objects(at), 3)
  }
  const purge = async (): Promise<void> => {
    const purged = await at.client.send('PURGE /p HTTP/1.1\r\nHost: shop.test\r\n\r\n').response()
    assert.equal(purged.status, 200)
  }
  await fill()
  n = 2
  await purge()
  for (let i = 0; i < 6; i++) {
    for (const ask of ['Accept-Encoding: gzip\r\n', 'Accept-Encoding: br\r\n', ''])
      assert.equal(decoded(await get(at.gate.port, '/p', ask)), `2 ${LONG}`)
  }
  assert.equal(at.origin.count('/p'), 2)
  await fill()
  await purge()
  const end = performance.now() + 10_000
  while ((await objects(at)) > 0) {
    assert.ok(performance.now() < end, 'something is left')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

test('what one thread has coded the others give away', async () => {
  await using at = await shop({ compress: true }, { threads: 2 })
  longPage(at, '/p')
  const first = await coded(at.client, '/p', 'br')
  const others = await Promise.all(Array.from({ length: 8 }, () => get(at.gate.port, '/p', 'Accept-Encoding: br\r\n')))
  for (const answer of others) {
    assert.equal(answer.field('content-encoding'), 'br')
    assert.equal(answer.body, first.body)
  }
  assert.equal(at.origin.count('/p'), 1)
})

test('variants are coded each for itself', async () => {
  await using at = await shop({ compress: true })
  at.origin.on('/p', (asked) => {
    const a = /^x-a: (.*)$/im.exec(asked.head)?.[1] ?? ''
    asked.answer(`${a} ${LONG}`, `${PAGE}Vary: X-A, Accept-Encoding\r\n`)
  })
  for (const a of ['1', '2', '1']) {
    assert.equal(decoded(await coded(at.client, '/p', 'gzip', `X-A: ${a}\r\n`)), `${a} ${LONG}`)
    assert.equal((await at.client.get('/p', `X-A: ${a}\r\n`).response()).body, `${a} ${LONG}`)
  }
  assert.equal(at.origin.count('/p'), 2)
})

test('who says no-transform gets what is stored, and has no coded form made (RFC 9111 §5.2.1.6)', async () => {
  for (const requestDirectives of ['obey', 'ignore']) {
    await using at = await shop({ compress: true, requestDirectives })
    const small = 'line '.repeat(500)
    at.origin.on('/small', (asked) => asked.answer(small, `${PAGE}ETag: "s"\r\n`))
    longPage(at, '/long')
    longPage(at, '/behind')
    for (const [path, body, etag] of [
      ['/small', small, '"s"'],
      ['/long', LONG, '"x"'],
    ] as const) {
      const stored = async (fields = ''): Promise<Answered> => {
        const asks = `Accept-Encoding: gzip\r\nCache-Control: foo, No-Transform\r\n${fields}`
        const answer = await at.client.get(path, asks).response()
        const { status } = answer
        assert.deepEqual([answer.field('content-encoding'), answer.field('etag')], [null, etag], answer.head)
        assert.equal(answer.body, status === 304 ? '' : body)
        assert.equal(answer.field('vary'), 'Accept-Encoding')
        return answer
      }
      for (let k = 0; k < 3; k++) await stored()
      // What may be coded is asked for behind it, so that the compressor has had its turn.
      await coded(at.client, `/behind?${at.origin.requests}`, 'gzip')
      const first = await at.client.get(path, 'Accept-Encoding: gzip\r\n').response()
      assert.equal(first.field('content-encoding'), null, 'nobody has asked for it until now')
      // Often enough that each is made ready for the rest of the second.
      for (let k = 0; k < 10; k++) {
        assert.equal(decoded(await coded(at.client, path, 'gzip')), body)
        await stored()
      }
      for (const tag of ['"s"', '"x"', 'W/"s"', 'W/"x"'])
        assert.equal((await stored(`If-None-Match: ${tag}\r\n`)).status, tag.includes(etag) ? 304 : 200)
      assert.equal(at.origin.count(path), 1)
    }
  }
})

test('what is known to be for one client is asked for as that client asks', async () => {
  await using at = await shop({ compress: true })
  at.origin.on('/p', (asked) => asked.answer(LONG, 'Cache-Control: private\r\nContent-Type: text/html\r\n'))
  for (let i = 0; i < 2; i++) await at.client.get('/p', 'Accept-Encoding: gzip\r\n').response()
  assert.match(at.origin.last('/p'), /^Accept-Encoding: gzip$/m)
})

test('many who take many codings at the same time all get the whole body, coded or not', async () => {
  await using at = await shop({ compress: true })
  for (let i = 0; i < 6; i++) longPage(at, `/p${i}`)
  const clients = await Promise.all(Array.from({ length: 6 }, () => Client.connect(at.gate.port)))
  await Promise.all(
    clients.map(async (client, i) => {
      for (const coding of ['gzip', 'br', 'zstd', 'gzip']) {
        assert.equal(decoded(await client.get(`/p${i}`, `Accept-Encoding: ${coding}\r\n`).response()), LONG)
      }
      assert.equal(decoded(await coded(client, `/p${i}`, 'zstd')), LONG)
      client[Symbol.dispose]()
    }),
  )
  for (let i = 0; i < 6; i++) assert.equal(at.origin.count(`/p${i}`), 1)
})
