/** The gates of several threads over one memory, in one thread, so that each interleaving can be played by hand. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { assertEmpty, Guest, Hut, lay, type Yard } from '../../test/races/yard.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { SLACK, slackOf } from '../ledger/queue-state.ts'

interface Scene {
  readonly huts: [Hut, Hut, Hut]
  readonly main: Ledger
  readonly hut: (thread: number) => Hut
  readonly empty: () => void
}

function scene(yard: Yard): Scene {
  const { memory, plan, main } = lay({ ...yard, threads: 3 })
  const hut = (thread: number): Hut => new Hut(memory, plan, thread)
  const huts: [Hut, Hut, Hut] = [hut(0), hut(1), hut(2)]
  for (const each of huts) each.bell()
  return { huts, main, hut, empty: () => assertEmpty(memory, plan) }
}

function come(hut: Hut, tried = 0): Guest {
  const guest = new Guest()
  guest.tried = tried
  const answer = hut.gate.admit(guest)
  if (answer !== null && typeof answer !== 'string') guest.held = answer
  return guest
}

test('a freed slot is left with the thread where the oldest waits, and that one collects it', () => {
  const { huts, empty } = scene({ servers: [1], line: 9 })
  const [a, b, c] = huts
  const holder = come(a)
  const first = come(b)
  const second = come(c)
  holder.dispose()
  assert.deepEqual([c.bell(), first.grants, a.source.pool.used], [false, 0, 1])
  assert.equal(b.bell(), true)
  assert.equal(first.grants, 1)
  first.dispose()
  c.bell()
  assert.equal(second.grants, 1)
  second.dispose()
  empty()
})

test('who comes joins the line when anyone waits on any thread', () => {
  const { huts } = scene({ servers: [1], line: 9 })
  const [a, b] = huts
  come(a)
  const first = come(a)
  a.source.stalls[0]!.slots.enforce({ value: 2, voice: 'operator' })
  const second = come(b)
  assert.deepEqual([second.held, b.gate.queue.length], [null, 2])
  a.bell() // the second has found what was free, and it went to the first
  assert.deepEqual([first.grants, second.grants], [1, 0])
})

for (const [waiters, most] of [
  [2, 0],
  [7, 0],
  [8, 1],
  [21, 2],
  [60, 6],
  [150, SLACK],
] as const) {
  test(`of ${waiters} who wait the oldest is overtaken by at most ${most}`, () => {
    const { huts } = scene({ servers: [1], line: 200 })
    const [a, b] = huts
    let holder = come(a)
    const far = come(b)
    const near = Array.from({ length: waiters - 1 }, () => come(a))
    let before = 0
    for (;;) {
      holder.dispose()
      const next = near.find((guest) => guest.held !== null)
      if (next === undefined) break
      before++
      holder = next
    }
    assert.ok(before <= most, `${before}`)
    // Within that bound a thread serves its own, so that no other has to be woken.
    assert.ok(before >= slackOf(waiters - most), `${before}`)
    b.bell()
    assert.equal(far.grants, 1)
  })
}

test('a slot on its way to one who has left is passed on', () => {
  const { huts, empty } = scene({ servers: [1], line: 9 })
  const [a, b, c] = huts
  const holder = come(a)
  const first = come(b)
  const second = come(c)
  holder.dispose()
  b.gate.leave(first)
  b.bell()
  c.bell()
  assert.equal(second.grants, 1)
  second.dispose()
  empty()
})

test('a slot on its way to one who has left is set free when nobody else waits', () => {
  const { huts, empty } = scene({ servers: [1], line: 9 })
  const [a, b] = huts
  const holder = come(a)
  const first = come(b)
  holder.dispose()
  b.gate.leave(first)
  b.bell()
  empty()
})

test('a slot on its way wins over the deadline', () => {
  const { huts, empty } = scene({ servers: [1], line: 9 })
  const [a, b] = huts
  const holder = come(a)
  const first = come(b)
  holder.dispose()
  const permit = b.gate.expire(first)
  assert.equal(permit?.of.index, 0)
  b.bell()
  assert.equal(first.grants, 0)
  permit?.[Symbol.dispose]()
  empty()
})

test('what the expiring one cannot use goes to another', () => {
  const { huts, empty } = scene({ servers: [1, 1], line: 9 })
  const [a, b] = huts
  const [s0, s1] = [come(a), come(a)]
  const plain = come(b)
  s0.dispose() // for plain, on b
  const choosy = come(b, 0b01)
  assert.equal(b.gate.expire(choosy), null)
  assert.equal(plain.held?.of.index, 0)
  b.bell()
  plain.dispose()
  s1.dispose()
  empty()
})

test('what a thread cannot use any more is passed on by whoever it was left with', () => {
  const { huts, empty } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c] = huts
  const [s0, s1] = [come(a), come(a)]
  const plain = come(b)
  const choosy = come(b, 0b01)
  const last = come(c)
  s0.dispose() // on its way to b
  b.gate.leave(plain)
  b.bell() // not for choosy
  c.bell()
  assert.deepEqual([choosy.grants, last.held?.of.index], [0, 0])
  s1.dispose()
  b.bell()
  assert.equal(choosy.held?.of.index, 1)
  last.dispose()
  choosy.dispose()
  empty()
})

test('a choosy waiter behind a choosy one is not forgotten by other threads', () => {
  const { huts } = scene({ servers: [1, 1], line: 9 })
  const [a, b] = huts
  const [s0, s1] = [come(a), come(a)]
  const first = come(b, 0b01)
  const second = come(b, 0b10)
  s0.dispose() // a sees only that b's first cannot use it
  b.bell()
  assert.deepEqual([first.grants, second.held?.of.index], [0, 0])
  s1.dispose()
  b.bell()
  assert.equal(first.held?.of.index, 1)
})

test('those who cannot use what is free do not keep each other awake', () => {
  const { huts } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c] = huts
  come(a, 0b01)
  for (const hut of huts) come(hut, 0b01)
  for (let i = 0; i < 5; i++) for (const hut of huts) hut.bell()
  assert.deepEqual([a.bell(), b.bell(), c.bell()], [false, false, false])
  assert.equal(a.source.stalls[0]!.slots.used, 0)
})

test('a raised limit lets in the oldest, wherever they wait', () => {
  const { huts, main } = scene({ servers: [1], line: 99 })
  const [a] = huts
  come(a)
  const all = Array.from({ length: 30 }, (_, i) => come(huts[i % 3]!))
  main.slots('server:shop/s0').enforce({ value: 21, voice: 'operator' })
  main.ringAll()
  for (let i = 0; i < 4; i++) for (const hut of huts) hut.bell()
  const served = all.map((guest) => guest.grants)
  assert.equal(served.filter((n) => n === 1).length, 20)
  const sure = 20 - slackOf(30)
  assert.deepEqual(served.slice(0, sure), Array(sure).fill(1))
})

test('a lowered limit is kept also by what is on its way', () => {
  const { huts, main, empty } = scene({ servers: [2], line: 9 })
  const [a, b] = huts
  const [one, two] = [come(a), come(a)]
  const waiter = come(b)
  one.dispose()
  main.slots('server:shop/s0').enforce({ value: 1, voice: 'operator' })
  b.bell()
  assert.deepEqual([waiter.grants, main.slots('server:shop/s0').used], [0, 1])
  two.dispose()
  b.bell()
  assert.equal(waiter.grants, 1)
  waiter.dispose()
  empty()
})

test('when a thread dies its slots go to those who wait on the others', () => {
  const { huts, main, hut, empty } = scene({ servers: [1], line: 9 })
  const [a, b, c] = huts
  come(a)
  const waiter = come(b)
  come(c)
  main.reclaim(0)
  main.reclaim(2)
  b.bell()
  assert.deepEqual([waiter.grants, b.gate.queue.length], [1, 0])
  const reborn = hut(0)
  const guest = come(reborn)
  waiter.dispose()
  reborn.bell()
  assert.equal(guest.grants, 1)
  guest.dispose()
  empty()
})

test('a slot on its way to a thread that dies comes back', () => {
  const { huts, main, empty } = scene({ servers: [1], line: 9 })
  const [a, b, c] = huts
  const holder = come(a)
  come(b)
  const waiter = come(c)
  holder.dispose()
  main.reclaim(1)
  c.bell()
  assert.equal(waiter.grants, 1)
  waiter.dispose()
  empty()
})
