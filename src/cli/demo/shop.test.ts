import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test } from 'node:test'
import { chance } from './demo-plan.ts'
import { Shop } from './shop.ts'

/** How long a visit took, in ms. */
async function visit(port: number): Promise<number> {
  const began = performance.now()
  await new Promise<void>((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.on('end', resolve).on('error', reject).resume()
    }).on('error', reject)
  })
  return performance.now() - began
}

const visitAtOnce = (port: number, n: number): Promise<number[]> =>
  Promise.all(Array.from({ length: n }, () => visit(port)))

test('a shop serves as many as it has places for about as fast as one', async () => {
  await using shop = await Shop.open(8, chance(1))
  const waits = await visitAtOnce(shop.port, 8)
  assert.ok(Math.min(...waits) >= 45, `${Math.min(...waits)} ms`)
  assert.equal(shop.busy, 0)
})

test('a shop with three times as many inside is slower for everybody by far more than three times', async () => {
  await using shop = await Shop.open(8, chance(1))
  const waits = await visitAtOnce(shop.port, 24)
  assert.ok(Math.min(...waits) > 3 * 50, `${Math.min(...waits)} ms`)
})

test('a visitor who leaves makes room', async () => {
  await using shop = await Shop.open(8, chance(1))
  const request = get({ host: '127.0.0.1', port: shop.port, agent: false }).on('error', () => {})
  while (shop.busy === 0) await new Promise(setImmediate)
  request.destroy()
  while (shop.busy > 0) await new Promise(setImmediate)
})
