import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BalanceConfig } from '../../config/model.ts'
import { policyOf } from '../balance.ts'
import { hashKey } from '../hash-key.ts'
import type { Member, Policy } from './policy.ts'

interface Stub extends Member {
  busy: number
  part: number
}

function members(...weights: number[]): Stub[] {
  return weights.map((weight, index) => ({
    index,
    name: `10.0.0.${index + 1}:80`,
    weight,
    busy: 0,
    part: weight,
    load() {
      return this.busy
    },
    share() {
      return this.part
    },
  }))
}

const hash = (bound: number): BalanceConfig => ({ policy: 'hash', on: 'path', name: '', bound })

/** A generator with a seed, so that what is random is the same in each run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 0x100000000
  }
}

/** The first server of the order that is not full. */
function take(policy: Policy, key = 0, full: readonly number[] = []): number {
  policy.begin(key)
  let index = policy.next()
  while (index >= 0 && full.includes(index)) index = policy.next()
  return index
}

function count(policy: Policy, rounds: number, full: readonly number[] = []): number[] {
  const counts: number[] = []
  for (let i = 0; i < rounds; i++) {
    const index = take(policy, hashKey(`key ${i}`), full)
    counts[index] = (counts[index] ?? 0) + 1
  }
  return Array.from(counts, (n) => n ?? 0)
}

const configs: BalanceConfig[] = [
  { policy: 'round-robin' },
  { policy: 'least' },
  { policy: 'two-choices' },
  { policy: 'first' },
  hash(0),
  hash(1.25),
]

test('every policy names each server exactly once in a round and then ends', () => {
  const servers = fc.array(
    fc.record({
      weight: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1000 })),
      busy: fc.nat(20),
      off: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(
      servers,
      fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 5 }),
      fc.nat(7),
      (given, keys, phase) => {
        const all = members(...given.map((server) => server.weight))
        for (const [i, server] of given.entries()) {
          all[i]!.busy = server.busy
          if (server.off) all[i]!.part = 0
        }
        for (const config of configs) {
          const policy = policyOf(config, all, phase)
          for (const key of keys) {
            policy.begin(key)
            const named = all.map(() => policy.next())
            assert.deepEqual(
              [...named].sort((a, b) => a - b),
              all.map((_, i) => i),
              config.policy,
            )
            assert.equal(policy.next(), -1)
            assert.equal(policy.next(), -1)
          }
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('every policy over few of many servers answers with their indexes in the pool', () => {
  const some = members(1, 1, 1, 1).filter((member) => member.index % 2 === 1)
  for (const config of configs) {
    const policy = policyOf(config, some, 0)
    policy.begin(7)
    assert.deepEqual([policy.next(), policy.next(), policy.next()].sort(), [-1, 1, 3].sort())
  }
})

test('servers of weight 0 are in no order, and a group without others ends at once', () => {
  for (const config of configs) {
    assert.deepEqual(count(policyOf(config, members(0, 1, 0), 0), 20), [0, 20])
    assert.equal(take(policyOf(config, members(0, 0), 0)), -1)
    assert.equal(take(policyOf(config, [], 0)), -1)
  }
})

test('round robin by weights 5, 1, 1 goes a a b a c a a, as nginx does, and again', () => {
  const policy = policyOf({ policy: 'round-robin' }, members(5, 1, 1), 0)
  const order = Array.from({ length: 14 }, () => 'abc'[take(policy)]).join(' ')
  assert.equal(order, 'a a b a c a a a a b a c a a')
})

test('round robin is exact over each full turn, for any weights', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
      fc.nat(5),
      (weights, phase) => {
        const policy = policyOf({ policy: 'round-robin' }, members(...weights), phase)
        const sum = weights.reduce((a, b) => a + b)
        assert.deepEqual(count(policy, sum), weights)
      },
    ),
  )
})

test('threads of different numbers begin with different servers', () => {
  const starts = Array.from({ length: 4 }, (_, me) =>
    take(policyOf({ policy: 'round-robin' }, members(1, 1, 1, 1), me)),
  )
  assert.ok(new Set(starts).size >= 3, starts.join())
})

test('round robin by weights too unlike for a table keeps each server within two of its share at any time', () => {
  const weights = [1000, 999, 998, 997, 503, 7]
  const sum = weights.reduce((a, b) => a + b)
  assert.ok(sum > 4096)
  const policy = policyOf({ policy: 'round-robin' }, members(...weights), 0)
  const counts = weights.map(() => 0)
  for (let i = 1; i <= 20_000; i++) {
    const index = take(policy)
    counts[index] = counts[index]! + 1
    for (const [k, weight] of weights.entries())
      assert.ok(Math.abs(counts[k]! - (i * weight) / sum) <= 2, `${k} after ${i}`)
  }
})

test('what a full server turns away goes to all others by their weights', () => {
  const policy = policyOf({ policy: 'round-robin' }, members(4, 2, 1, 1), 0)
  assert.deepEqual(count(policy, 800, [0]), [0, 400, 200, 200])
  const even = policyOf({ policy: 'round-robin' }, members(1, 1, 1, 1, 1), 0)
  assert.deepEqual(count(even, 1000, [1]), [250, 0, 250, 250, 250])
  // With two full it is close, not exact.
  const two = count(policyOf({ policy: 'round-robin' }, members(1, 1, 1, 1, 1, 1), 0), 1200, [1, 2])
  for (const index of [0, 3, 4, 5]) assert.ok(Math.abs(two[index]! - 300) <= 15, two.join())
})

test('with most of many servers full the rest still share about evenly', () => {
  const all = members(...new Array<number>(40).fill(1))
  const full = all.map((_, i) => i).filter((i) => i % 8 !== 0 && i !== 1)
  for (const config of [{ policy: 'round-robin' }, { policy: 'two-choices' }] as const) {
    const counts = count(policyOf(config, all, 0, seeded(1)), 6000, full)
    for (const [index, n] of counts.entries())
      if (!full.includes(index))
        assert.ok(n > 600 && n < 1500, `${config.policy}: ${index} got ${n} of 6000, one in six is 1000`)
  }
})

test('least goes to the fewest requests per weight, then to the next fewest', () => {
  const all = members(1, 2, 1, 4)
  const loads = [3, 4, 9, 2]
  for (const [i, load] of loads.entries()) all[i]!.busy = load
  const policy = policyOf({ policy: 'least' }, all, 0)
  policy.begin(0)
  assert.deepEqual([policy.next(), policy.next(), policy.next(), policy.next(), policy.next()], [3, 1, 0, 2, -1])
})

test('least goes round by weight among servers that are equally idle', () => {
  assert.deepEqual(count(policyOf({ policy: 'least' }, members(3, 1, 2), 0), 60), [30, 10, 20])
})

test('least keeps loads per weight level when every request stays', () => {
  const all = members(1, 2, 5)
  const policy = policyOf({ policy: 'least' }, all, 0)
  for (let i = 0; i < 800; i++) all[take(policy)]!.busy++
  assert.deepEqual(
    all.map((member) => member.busy),
    [100, 200, 500],
  )
})

test('two choices follow the weights, and level the loads far better than chance would', () => {
  const idle = count(policyOf({ policy: 'two-choices' }, members(6, 3, 1), 0, seeded(3)), 10_000)
  assert.ok(Math.abs(idle[0]! - 6000) < 300 && Math.abs(idle[1]! - 3000) < 300, idle.join())
  const all = members(...new Array<number>(20).fill(1))
  const policy = policyOf({ policy: 'two-choices' }, all, 0, seeded(4))
  for (let i = 0; i < 2000; i++) all[take(policy)]!.busy++
  const loads = all.map((member) => member.busy)
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 8, loads.join())
})

test('two choices never draw the busier of two when there are only two', () => {
  const all = members(1, 1000)
  all[1]!.busy = 1001
  const policy = policyOf({ policy: 'two-choices' }, all, 0, seeded(5))
  assert.deepEqual(count(policy, 100), [100])
})

test('first stays with the first server and overflows in the order of the configuration', () => {
  const policy = policyOf({ policy: 'first' }, members(1, 1, 1), 0)
  assert.deepEqual([take(policy), take(policy), take(policy, 0, [0]), take(policy, 0, [0, 1])], [0, 0, 1, 2])
})

const KEYS = 20_000
const owners = (policy: Policy): number[] => Array.from({ length: KEYS }, (_, i) => take(policy, hashKey(`/item/${i}`)))

test('a hash keeps a key with its server, and spreads keys by weight', () => {
  const all = members(1, 1, 2, 1)
  const first = owners(policyOf(hash(0), all, 0))
  assert.deepEqual(first, owners(policyOf(hash(0), all, 3)))
  const counts = all.map((_, index) => first.filter((owner) => owner === index).length / KEYS)
  for (const [index, share] of [0.2, 0.2, 0.4, 0.2].entries())
    assert.ok(Math.abs(counts[index]! - share) < 0.05, counts.join())
})

test('a server that is added takes about its share of the keys, and no key moves between the others', () => {
  const eight = owners(policyOf(hash(0), members(1, 1, 1, 1, 1, 1, 1, 1), 0))
  const nine = owners(policyOf(hash(0), members(1, 1, 1, 1, 1, 1, 1, 1, 1), 0))
  let moved = 0
  for (let i = 0; i < KEYS; i++) {
    if (eight[i] === nine[i]) continue
    moved++
    assert.equal(nine[i], 8)
  }
  assert.ok(moved / KEYS > 0.07 && moved / KEYS < 0.16, `${moved} of ${KEYS}`)
})

test('a hash does not depend on the order of the servers in the configuration', () => {
  const all = members(1, 3, 1, 2)
  const names = (list: Stub[]): string[] => {
    const order = list.map((member, index) => ({ ...member, index }))
    return owners(policyOf(hash(0), order, 0)).map((index) => order[index]!.name)
  }
  assert.deepEqual(names(all), names([...all].reverse()))
})

test('keys of a full server go on to several others, not all to one', () => {
  const all = members(1, 1, 1, 1, 1)
  const next = new Set<number>()
  const policy = policyOf(hash(0), all, 0)
  for (let i = 0; i < 500; i++) next.add(take(policy, hashKey(`${i}`), [2]))
  assert.deepEqual([...next].sort(), [0, 1, 3, 4])
})

test('with a bound no server takes more than that times its share, even if all ask for one key', () => {
  for (const bound of [1.05, 1.25, 2]) {
    const all = members(1, 1, 2, 1)
    const policy = policyOf(hash(bound), all, 0)
    const key = hashKey('/the one that everybody wants')
    for (let n = 1; n <= 1000; n++) {
      const index = take(policy, key)
      all[index]!.busy++
      assert.ok(all[index]!.busy <= Math.ceil((bound * n * all[index]!.weight) / 5), `${index} at ${n}`)
    }
  }
})

test('servers out of service count neither into the average nor against the bound of the others', () => {
  const all = members(1, 1, 1, 1)
  all[2]!.part = 0
  all[3]!.part = 0
  all[3]!.busy = 500
  const policy = policyOf(hash(1.25), all, 0)
  for (let n = 1; n <= 100; n++) {
    const index = take(policy, hashKey('one'), [2, 3])
    all[index]!.busy++
    assert.ok(all[index]!.busy <= Math.ceil((1.25 * n) / 2))
  }
})
