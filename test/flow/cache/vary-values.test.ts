/** Which values of a field that Vary names are the same (RFC 9111 §4.1), however long they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

test('a value of any length chooses an answer, and another one as long another', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: Cookie, X-A\r\n`)
  for (const length of [1000, 1100, 9000, 20_000]) {
    const cookie = (last: string): string => `Cookie: a=${'x'.repeat(length)}${last}\r\n`
    const [one = '', same = '', other = '', plain = ''] = [
      (await get(at.gate.port, '/p', cookie('1'))).body,
      (await get(at.gate.port, '/p', cookie('1'))).body,
      (await get(at.gate.port, '/p', cookie('2'))).body,
      (await get(at.gate.port, '/p', `${cookie('1')}X-A: 1\r\n`)).body,
    ]
    assert.match(one, /^p \d+$/)
    assert.equal(same, one)
    assert.equal(new Set([one, other, plain]).size, 3)
  }
  assert.equal(at.origin.count('/p'), 12)
})

test('those who wait for the first fetch get their answers, though the value of the one who fetches is long', async () => {
  await using at = await shop()
  const waiting: (() => void)[] = []
  at.origin.on('/p', (asked) => {
    const cookie = /^cookie: (.{3})/im.exec(asked.head)?.[1] ?? 'none'
    const say = (): void => asked.answer(cookie, `${FRESH}Vary: Cookie\r\n`)
    if (waiting.push(say) > 1) say()
  })
  const long = `Cookie: a=1${'x'.repeat(20_000)}\r\n`
  const first = get(at.gate.port, '/p', long)
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const others = [get(at.gate.port, '/p'), get(at.gate.port, '/p', 'Cookie: b=2\r\n')]
  waiting[0]?.()
  assert.deepEqual(
    (await Promise.all([first, ...others])).map(({ status, body }) => [status, body]),
    [
      [200, 'a=1'],
      [200, 'none'],
      [200, 'b=2'],
    ],
  )
  assert.equal((await get(at.gate.port, '/p', long)).body, 'a=1')
  assert.equal(at.origin.count('/p'), 3)
})

/** Whether a request for what varies by `name` gets the answer to one before it. `n` makes the path. */
async function shared(at: Shop, n: number, name: string, first: string, second: string): Promise<boolean> {
  at.origin.says(`/p${n}`, `${FRESH}Vary: ${name}\r\n`)
  assert.equal((await at.client.get(`/p${n}`, first).response()).body, `p${n} 1`)
  return (await at.client.get(`/p${n}`, second).response()).body === `p${n} 1`
}

test('space around commas means nothing in lists, and counts in all else (RFC 9111 §4.1, RFC 9110 §5.6.1)', async () => {
  await using at = await shop()
  for (const [n, [name, same]] of (
    [
      ['Accept', true],
      ['Accept-Charset', true],
      ['Accept-Encoding', true],
      ['Accept-Language', true],
      ['Prefer', true],
      ['Cookie', false],
      ['User-Agent', false],
      ['X-A', true],
    ] as const
  ).entries()) {
    assert.equal(await shared(at, n, name, `${name}: a,b\r\n`, `${name}: a , b\r\n`), same, name)
  }
})

test('cookies in two lines are not those in one with a comma (RFC 6265 §5.4)', async () => {
  await using at = await shop()
  assert.equal(await shared(at, 0, 'Cookie', 'Cookie: a=1, b=2\r\n', 'Cookie: a=1\r\nCookie: b=2\r\n'), false)
  assert.equal(await shared(at, 1, 'Cookie', 'Cookie: a=1\r\nCookie: b=2\r\n', 'Cookie: b=2\r\nCookie: a=1\r\n'), false)
  const two = 'Cookie: a=1\r\nCookie: b=2\r\n'
  assert.equal(await shared(at, 2, 'Cookie', two, two), true)
})

test('the order of languages and codings means nothing, but their weights do (RFC 9110 §12.5.3, §12.5.4)', async () => {
  await using at = await shop()
  for (const [n, [name, first, second, same]] of (
    [
      ['Accept-Language', 'en, de', 'de, en', true],
      ['Accept-Language', 'en, de;q=0.5', 'de, en;q=0.5', false],
      ['Accept-Language', 'en, de;q=0.5', 'EN,de ;q=0.500', true],
      ['Accept-Encoding', 'gzip, br', 'BR;q=1.0,gzip', true],
      ['Accept-Encoding', 'gzip, gzip;q=0', 'gzip;q=0, gzip', false],
    ] as const
  ).entries()) {
    assert.equal(
      await shared(at, n, name, `${name}: ${first}\r\n`, `${name}: ${second}\r\n`),
      same,
      `${first} | ${second}`,
    )
  }
})
