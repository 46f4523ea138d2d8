/** Parameters are left out of the key, or put in order, by the names that servers read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'

const FRESH = 'Cache-Control: max-age=60\r\n'

/** A shop whose server answers with all values of `id`, read as forms are. */
async function shopOf(query: unknown): Promise<Shop> {
  const at = await shop({ key: { query } })
  at.origin.on('/p', (asked) => {
    const target = asked.head.split(' ', 2)[1] ?? ''
    asked.answer(new URL(target, 'http://shop.test').searchParams.getAll('id').join(), FRESH)
  })
  return at
}

async function ask(at: Shop, query: string): Promise<string> {
  return (await at.client.get(`/p${query}`).response()).body
}

test('a parameter that counts is known in any encoding of its name (RFC 3986 §2.1, §6.2.2.2)', async () => {
  await using at = await shopOf({ only: ['id'] })
  for (let k = 0; k < 2; k++) {
    assert.equal(await ask(at, '?i%64=evil'), 'evil')
    assert.equal(await ask(at, ''), '')
    assert.equal(await ask(at, '?id=1&%69%64=evil'), '1,evil')
    assert.equal(await ask(at, '?id=1&utm=x'), '1')
  }
  assert.equal(at.origin.requests, 4)
})

test('what some servers may read as a parameter that counts stays in the key', async () => {
  await using at = await shopOf({ only: ['id'] })
  for (const query of ['?x=1;id=2', '?id[]=1', '?id%5B%5D=1', '?%ff=1', '?ID=1']) {
    const before = at.origin.requests
    await ask(at, query)
    assert.equal(at.origin.requests, before + 1, query)
    await ask(at, `${query}&y=1`)
    assert.equal(at.origin.requests, before + 1, query)
  }
})

test('a parameter that does not count is left out in any encoding of its name', async () => {
  await using at = await shopOf({ without: ['utm_*'] })
  assert.deepEqual([await ask(at, '?id=1&utm_a=1'), await ask(at, '?%75tm_a=2&id=1')], ['1', '1'])
  assert.equal(at.origin.requests, 1)
  assert.equal(await ask(at, '?utm_a=1;id=2&id=1'), '1')
  assert.equal(at.origin.requests, 2)
})

test('values of one parameter keep their order, however its name is encoded', async () => {
  await using at = await shopOf({ sort: true })
  assert.deepEqual([await ask(at, '?i%64=2&id=1'), await ask(at, '?id=1&i%64=2')], ['2,1', '1,2'])
  assert.deepEqual([await ask(at, '?b=1&id=7'), await ask(at, '?id=7&b=1')], ['7', '7'])
  assert.equal(at.origin.requests, 3)
})
