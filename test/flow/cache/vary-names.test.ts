/** What a Vary may name so that an answer is of use to others: fields that the server saw as their clients sent them (RFC 9110 §12.5.5). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop, sorted, twice } from '../../kit/cache-origin.ts'
import { get } from '../../kit/client.ts'
import { until } from '../../kit/settle.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** So many field names. */
function names(many: number): string {
  return Array.from({ length: many }, (_, i) => `X-${i}`).join(', ')
}

/** Why an answer with this Vary was not kept, as Cache-Status says. */
async function reason(at: Shop, vary: string): Promise<string> {
  const { second } = await twice(at, `${FRESH}Vary: ${vary}\r\n`)
  return /detail=(\S+)/.exec(second.field('cache-status') ?? '')?.[1] ?? ''
}

test('a Vary with a member that is no field name matches no request (RFC 9110 §12.5.5)', async () => {
  await using at = await shop()
  for (const vary of ['Accept-Encoding Cookie', 'Cookie;x', '"*"', 'Cookie: x', 'Accept, (x)', 'X-A, "Cookie"'])
    assert.equal(await reason(at, vary), 'vary-any', vary)
})

test('a Vary that is longer than anybody needs matches no request, and its answer reaches the client nevertheless', async () => {
  await using at = await shop()
  for (const many of [65, 300, 1500]) assert.equal(await reason(at, names(many)), 'vary-any', `${many}`)
  assert.equal(await reason(at, 'x'.repeat(5000)), 'vary-any')
  await sorted(at, [`${FRESH}Vary: ${names(64)}\r\n`, `${FRESH}Vary: ${'x'.repeat(4000)}\r\n`], [])
})

test('a Vary with a field that Headgate writes or takes out matches no request, as the server saw another value (RFC 9111 §4.1)', async () => {
  await using at = await shop()
  for (const vary of [
    'X-Forwarded-For',
    'Accept, x-real-ip',
    'Forwarded',
    'Via',
    'Connection',
    'TE',
    'Proxy-Authorization',
    'Cache-Control',
    'Accept, Pragma',
  ])
    assert.equal(await reason(at, vary), 'vary-own', vary)
})

test('an answer that a server chose by the address of the client is for that client alone', async () => {
  await using at = await shop({}, { listeners: { web: { trustedProxies: ['loopback'] } } })
  at.origin.on('/p', (asked) => {
    const from = /^x-forwarded-for: ([^,\r]*)/im.exec(asked.head)?.[1] ?? ''
    asked.answer(`for ${from}`, `${FRESH}Vary: X-Forwarded-For\r\n`)
  })
  for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.1'])
    assert.equal((await get(at.gate.port, '/p', `X-Forwarded-For: ${from}\r\n`)).body, `for ${from}`)
  assert.equal(at.origin.count('/p'), 3)
})

for (const name of ['Cache-Control', 'Pragma']) {
  test(`nobody gets what was made for a request without ${name} where it makes a difference: a refresh goes without it`, async () => {
    await using at = await shop({ grace: '1h' })
    at.origin.on('/p', (asked, n) => {
      const value = new RegExp(`^${name}: (.*)$`, 'im').exec(asked.head)?.[1]?.trim() ?? 'none'
      asked.answer(`for ${value}`, `${FRESH}${n === 1 ? 'Age: 70\r\n' : ''}Vary: ${name}\r\n`)
    })
    for (let k = 0; k < 3; k++) {
      assert.equal((await get(at.gate.port, '/p', `${name}: x=1\r\n`)).body, 'for x=1')
      await until(() => at.gate.gate.usage().pools[0]?.inUse === 0)
    }
    assert.equal((await get(at.gate.port, '/p')).body, 'for none')
  })
}

test('a refresh has the Cache-Control of the visitor where the key of the route counts it', async () => {
  await using at = await shop({ grace: '1h', key: { headers: ['Cache-Control'] } })
  at.origin.on('/p', (asked, n) => {
    const value = /^cache-control: (.*)$/im.exec(asked.head)?.[1]?.trim() ?? 'none'
    asked.answer(`for ${value} ${n}`, `${FRESH}${n === 1 ? 'Age: 70\r\n' : ''}`)
  })
  const answer = async (): Promise<string> => (await get(at.gate.port, '/p', 'Cache-Control: x=1\r\n')).body
  assert.equal(await answer(), 'for x=1 1')
  assert.equal(await answer(), 'for x=1 1')
  await until(() => at.origin.count('/p') === 2 && at.gate.gate.usage().pools[0]?.inUse === 0)
  assert.equal(await answer(), 'for x=1 2')
})

test('Vary: X-Forwarded-Proto and -Host keep nothing from anybody: what the server sees there is in the key', async () => {
  await using at = await shop({}, { listeners: { web: { trustedProxies: ['loopback'] } } })
  at.origin.says('/p', `${FRESH}Vary: X-Forwarded-Proto, X-Forwarded-Host\r\n`)
  const bodies: string[] = []
  for (const fields of [
    'X-Forwarded-Proto: https\r\n',
    'X-Forwarded-Proto: https\r\n',
    'X-Forwarded-Proto: http\r\n',
    '',
    'X-Forwarded-Host: other.test\r\n',
    'X-Forwarded-Host: other.test\r\n',
  ])
    bodies.push((await get(at.gate.port, '/p', fields)).body)
  assert.deepEqual(bodies, ['p 1', 'p 1', 'p 2', 'p 2', 'p 3', 'p 3'])
})

test('Vary: X-Forwarded-Proto of a client that is not believed chooses nothing', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: X-Forwarded-Proto\r\n`)
  for (const fields of ['', 'X-Forwarded-Proto: https\r\n', 'X-Forwarded-Proto: x\r\n'])
    assert.equal((await get(at.gate.port, '/p', fields)).body, 'p 1')
  assert.doesNotMatch(at.origin.last('/p'), /https/)
})

test('Vary: Host keeps nothing from anybody, as hosts have keys of their own', async () => {
  await using at = await shop()
  at.origin.says('/p', `${FRESH}Vary: Host\r\n`)
  const ask = async (start: string, host: string): Promise<string> =>
    (await at.client.send(`GET ${start} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).response()).body
  assert.equal(await ask('/p', 'a.test'), 'p 1')
  assert.equal(await ask('/p', 'a.test'), 'p 1')
  assert.equal(await ask('http://a.test/p', 'a.test'), 'p 1')
  assert.equal(await ask('/p', 'b.test'), 'p 2')
})
