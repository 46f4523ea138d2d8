import assert from 'node:assert/strict'
import { test } from 'node:test'
import { haproxy } from '../peers/haproxy.ts'
import { headgate } from '../peers/headgate.ts'
import { CAPACITY } from './capacity.ts'
import { countPoints, GRACE, NOBODY, possibleOf, subjectsAt } from './overload.ts'

test('at the highest load Headgate is there once more, with stored pages', () => {
  const names = (factor: number) => subjectsAt(factor, [headgate, haproxy]).map(({ who }) => who)
  assert.deepEqual(names(2), ['headgate', 'haproxy', NOBODY])
  assert.deepEqual(names(4), ['headgate', 'haproxy', NOBODY, GRACE])
})

test('as many points are announced as there are subjects at all loads', () => {
  assert.equal(countPoints({ peers: [headgate, haproxy], quick: false }), 4 * 3 + 1)
  assert.equal(countPoints({ peers: [headgate, haproxy], quick: true }), 3)
})

test('what is stored is possible beyond what the origin can carry', () => {
  assert.equal(possibleOf(4 * CAPACITY, 0), CAPACITY)
  assert.equal(possibleOf(4 * CAPACITY, 0.2), CAPACITY * 1.8)
  assert.equal(possibleOf(CAPACITY / 2, 0.2), CAPACITY / 2)
})
