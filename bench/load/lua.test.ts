import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groups } from '../workloads.ts'
import { luaOf, SCATTER } from './lua.ts'

test('for one path nothing runs per request', () => {
  assert.doesNotMatch(luaOf({ paths: ['/'] }), /function request/)
})

test('many paths are the first one with a number, drawn from as many as there are', () => {
  const script = luaOf({ paths: ['/hit/1k/'], keys: { count: 5000, skew: 0.99 } })
  assert.match(script, /wrk\.format\(nil, "\/hit\/1k\/NUMBER"\)/)
  assert.match(script, /for k = 1, 5000 do/)
  assert.match(script, /k \^ -0\.99/)
  assert.equal(script.match(/function (init|request)\(/g)?.length, 2)
})

test('the popular are scattered over all numbers: no two have the same, and no sum loses a digit', () => {
  for (const { name, request } of groups.flatMap(({ workloads }) => workloads)) {
    if (request.keys === undefined) continue
    assert.notEqual(SCATTER % request.keys.count, 0, name)
    assert.ok(request.keys.count % SCATTER !== 0 && Number.isSafeInteger(SCATTER * request.keys.count), name)
  }
  const places = new Set(Array.from({ length: 1000 }, (_, k) => (k * SCATTER) % 1000))
  assert.equal(places.size, 1000)
})
