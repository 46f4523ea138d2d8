import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { QueuedWaiter } from './waiter.ts'
import { WaiterList } from './waiter-list.ts'

class Someone extends QueuedWaiter<number> {
  granted(): void {}
}

function someone(arrival: number): Someone {
  const w = new Someone()
  w.arrival = arrival
  return w
}

function numbers(queue: WaiterList<number>): number[] {
  const found: number[] = []
  for (let w = queue.first; w !== null; w = w.next) {
    found.push(w.arrival)
    assert.equal(w.next === null ? queue.last : w.next.prev, w)
  }
  return found
}

test('whoever comes again stands where its number belongs', () => {
  const queue = new WaiterList<number>()
  for (const arrival of [5, 9, 12, 7, 1, 12]) queue.insert(someone(arrival))
  assert.deepEqual(numbers(queue), [1, 5, 7, 9, 12, 12])
})

test('whatever comes and goes, the order of arrival stays', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean())), (steps) => {
      const queue = new WaiterList<number>()
      const inside: Someone[] = []
      for (const [n, come] of steps) {
        if (come || inside.length === 0) {
          inside.push(someone(n))
          queue.insert(inside.at(-1)!)
        } else queue.remove(inside.splice(n % inside.length, 1)[0]!)
      }
      assert.deepEqual(
        numbers(queue),
        inside.map((w) => w.arrival).sort((a, b) => a - b),
      )
    }),
  )
})
