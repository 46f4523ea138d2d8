import assert from 'node:assert/strict'
import test from 'node:test'
import { assertEmpty, Guest, Hut, lay, listenerGate, type Stall, type Yard } from '../../test/races/yard.ts'
import type { Slots } from '../ledger/slots.ts'
import { Permit, QueuedWaiter } from './gate.ts'

interface Scene {
  readonly hut: Hut
  readonly empty: () => void
}

function scene(yard: Yard): Scene {
  const { memory, plan } = lay(yard)
  return { hut: new Hut(memory, plan, 0), empty: () => assertEmpty(memory, plan) }
}

/** Admits a guest; the answer in one word. */
function admit(hut: Hut, guest: Guest): string {
  guest.busy = true
  const answer = hut.gate.admit(guest)
  guest.busy = false
  if (answer === null) return 'waits'
  if (typeof answer === 'string') return answer
  guest.held = answer
  return `at s${answer.of.index}`
}

function expire(hut: Hut, guest: Guest): Permit<Stall> | null {
  guest.busy = true
  const permit = hut.gate.expire(guest)
  guest.busy = false
  guest.held = permit
  return permit
}

function guests(n: number): Guest[] {
  return Array.from({ length: n }, () => new Guest())
}

test('as many are let in as there is room for, and the next is refused', () => {
  const { hut, empty } = scene({ servers: [2] })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  assert.deepEqual([admit(hut, a), admit(hut, b), admit(hut, c)], ['at s0', 'at s0', 'pool_full'])
  a.dispose()
  assert.equal(admit(hut, c), 'at s0')
  b.dispose()
  c.dispose()
  empty()
})

test('a permit of a pool counts at the pool and at the server', () => {
  const { hut } = scene({ servers: [2, 2], pool: 3 })
  const all = guests(4)
  assert.deepEqual(
    all.map((guest) => admit(hut, guest)),
    ['at s0', 'at s0', 'at s1', 'pool_full'],
  )
  assert.deepEqual([hut.source.pool.used, hut.source.stalls[1]!.slots.used], [3, 1])
})

test('the line is bounded and whoever finds no place in it is refused', () => {
  const { hut } = scene({ servers: [1], line: 2 })
  assert.deepEqual(
    guests(4).map((guest) => admit(hut, guest)),
    ['at s0', 'waits', 'waits', 'queue_full'],
  )
  assert.equal(hut.gate.queue.length, 2)
})

test('those who wait are served in the order they came', () => {
  const { hut, empty } = scene({ servers: [1], line: 20 })
  const served: number[] = []
  const all = guests(15)
  for (const [i, guest] of all.entries()) {
    guest.onGranted = () => served.push(i)
    admit(hut, guest)
  }
  for (const guest of all) guest.dispose()
  assert.deepEqual(served, all.map((_, i) => i).slice(1))
  empty()
})

test('giving back twice gives back once', () => {
  const { hut } = scene({ servers: [2] })
  const guest = new Guest()
  admit(hut, guest)
  const permit = guest.held!
  permit[Symbol.dispose]()
  permit[Symbol.dispose]()
  assert.deepEqual([hut.source.pool.used, permit.disposed, permit.of.index], [0, true, 0])
})

test('nobody slips past those who wait, even if something looks free', () => {
  const { hut } = scene({ servers: [1], line: 5 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  admit(hut, a)
  assert.equal(admit(hut, b), 'waits')
  hut.source.stalls[0]!.slots.enforce({ value: 2, voice: 'operator' }) // free, and nobody was told yet
  assert.equal(admit(hut, c), 'waits')
  assert.deepEqual([b.grants, c.grants], [1, 0])
})

test('who has joined looks again, for what was freed meanwhile', () => {
  const { hut } = scene({ servers: [1], line: 5 })
  const [a, b] = guests(2) as [Guest, Guest]
  admit(hut, a)
  // The slot is freed between the first look and the joining: hopeless is asked in between.
  const { source } = hut
  source.unservable = () => {
    source.stalls[0]!.slots.give()
    source.pool.give()
    return null
  }
  assert.equal(admit(hut, b), 'at s0')
  assert.equal(hut.gate.queue.length, 0)
})

test('one who leaves is not served, and the others move up', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b, c, d] = guests(4) as [Guest, Guest, Guest, Guest]
  for (const guest of [a, b, c, d]) admit(hut, guest)
  hut.gate.leave(b)
  hut.gate.leave(b)
  hut.gate.leave(a)
  assert.equal(hut.gate.queue.length, 2)
  a.dispose()
  assert.deepEqual([b.grants, c.grants, d.grants], [0, 1, 0])
  hut.gate.leave(d)
  c.dispose()
  empty()
})

test('a deadline ends the waiting', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b] = guests(2) as [Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  assert.equal(expire(hut, b), null)
  assert.equal(expire(hut, b), null)
  a.dispose()
  assert.equal(b.grants, 0)
  empty()
})

test('a free slot wins over the deadline', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b] = guests(2) as [Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  hut.source.stalls[0]!.slots.enforce({ value: 2, voice: 'operator' })
  assert.equal(expire(hut, b)?.of.index, 0)
  a.dispose()
  b.dispose()
  empty()
})

test('a lowered limit ends nothing, and what is freed above it is not handed on', () => {
  const { hut, empty } = scene({ servers: [3], line: 5 })
  const all = guests(4)
  for (const guest of all) admit(hut, guest)
  hut.source.stalls[0]!.slots.enforce({ value: 1, voice: 'operator' })
  all[0]!.dispose()
  all[1]!.dispose()
  assert.deepEqual([hut.source.stalls[0]!.slots.used, all[3]!.grants], [1, 0])
  all[2]!.dispose()
  assert.equal(all[3]!.grants, 1)
  all[3]!.dispose()
  empty()
})

test('a raised limit lets in all that fit, in order', () => {
  const { hut } = scene({ servers: [1], line: 9 })
  const all = guests(6)
  for (const guest of all) admit(hut, guest)
  hut.source.stalls[0]!.slots.enforce({ value: 4, voice: 'operator' })
  hut.gate.admitWaiting()
  assert.deepEqual(
    all.map((guest) => guest.grants),
    [0, 1, 1, 1, 0, 0],
  )
})

test('who was let in and comes again keeps its place before those who came later', () => {
  const { hut } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  assert.deepEqual([admit(hut, a), admit(hut, b), admit(hut, c)], ['at s0', 'at s1', 'waits'])
  const d = new Guest()
  assert.equal(admit(hut, d), 'waits')
  // a's attempt at s0 fails: c gets s0. a wants s1 now, and came before d.
  a.tried = 1
  a.dispose()
  assert.equal(c.held?.of.index, 0)
  assert.equal(admit(hut, a), 'waits')
  b.dispose()
  assert.deepEqual([a.held?.of.index, d.grants], [1, 0])
})

test('the oldest may be served at once although others wait', () => {
  const { hut } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  c.tried = 0b10
  assert.equal(admit(hut, c), 'waits') // for s0
  const arrival = a.arrival
  assert.notEqual(arrival, 0)
  hut.source.stalls[1]!.slots.enforce({ value: 2, voice: 'operator' })
  a.held = null // its permit is still out
  assert.equal(admit(hut, a), 'at s1')
  assert.equal(a.arrival, arrival)
})

test('when the first in line cannot use what was freed, the next who can gets it', () => {
  const { hut } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c, d, e] = guests(5) as [Guest, Guest, Guest, Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  c.tried = 0b01
  d.tried = 0b01
  for (const guest of [c, d, e]) assert.equal(admit(hut, guest), 'waits')
  a.dispose() // s0: not for c and d
  assert.deepEqual([c.grants, d.grants, e.held?.of.index], [0, 0, 0])
  e.dispose() // nobody else: free
  assert.equal(hut.source.stalls[0]!.slots.used, 0)
  const f = new Guest()
  assert.equal(admit(hut, f), 'at s0') // those who wait for s1 do not hold it up
  b.dispose()
  assert.deepEqual([c.held?.of.index, d.grants], [1, 0])
})

test('the search goes on behind several who cannot use what was freed', () => {
  const { hut } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c, d, e, f] = guests(6) as [Guest, Guest, Guest, Guest, Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  c.tried = d.tried = 0b01
  e.tried = 0b10
  for (const guest of [c, d, e, f]) admit(hut, guest)
  a.dispose()
  assert.deepEqual(
    [c, d, e, f].map((guest) => guest.grants),
    [0, 0, 1, 0],
  )
})

test('whoever has nothing to wait for is told so instead of lined up', () => {
  const { hut } = scene({ servers: [1], line: 9 })
  const a = new Guest()
  a.tried = 1
  assert.equal(admit(hut, a), 'no_server')
  hut.source.stalls[0]!.open = false
  assert.equal(admit(hut, new Guest()), 'no_server')
})

test('those who wait in vain since a server went out of service are given out one by one', () => {
  const { hut, empty } = scene({ servers: [1, 1], line: 9 })
  const [a, b, c, d] = guests(4) as [Guest, Guest, Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  d.tried = 0b01
  admit(hut, c)
  admit(hut, d)
  assert.equal(hut.gate.takeUnservable(), null)
  hut.source.stalls[1]!.open = false
  assert.equal(hut.gate.takeUnservable(), d)
  assert.equal(hut.gate.takeUnservable(), null)
  hut.source.stalls[0]!.open = false
  assert.equal(hut.gate.takeUnservable(), c)
  assert.equal(hut.gate.takeUnservable(), null)
  a.dispose()
  b.dispose()
  empty()
})

test('what comes back from a server out of service is not handed on, but its place in the pool is', () => {
  const { hut } = scene({ servers: [1, 9], pool: 1, line: 9 })
  const [a, b] = guests(2) as [Guest, Guest]
  admit(hut, a)
  admit(hut, b)
  hut.source.stalls[0]!.open = false
  a.dispose()
  assert.equal(b.held?.of.index, 1)
})

test('ten thousand waiters that give back at once are served without a deep stack', () => {
  const { hut, empty } = scene({ servers: [1], line: 10_000 })
  const first = new Guest()
  admit(hut, first)
  let served = 0
  for (const guest of guests(10_000)) {
    guest.onGranted = () => {
      served++
      guest.dispose()
    }
    admit(hut, guest)
  }
  first.dispose()
  assert.equal(served, 10_000)
  empty()
})

test('a waiter may ask again from inside granted', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  const answers: string[] = []
  for (const guest of [a, b, c]) admit(hut, guest)
  b.onGranted = () => {
    b.onGranted = null
    b.dispose()
    b.arrival = 0
    answers.push(admit(hut, b))
  }
  c.onGranted = () => hut.gate.leave(b)
  a.dispose()
  assert.deepEqual([answers, b.grants, c.grants], [['waits'], 1, 1])
  c.dispose()
  empty()
})

test('a waiter that leaves while others are being told passes on what it was served', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b, c, d] = guests(4) as [Guest, Guest, Guest, Guest]
  for (const guest of [a, b, c, d]) admit(hut, guest)
  hut.source.stalls[0]!.slots.enforce({ value: 3, voice: 'operator' })
  b.onGranted = () => hut.gate.leave(c) // c was served together with b
  hut.gate.admitWaiting()
  assert.deepEqual([b.grants, c.grants, d.grants], [1, 0, 1])
  for (const guest of [a, b, d]) guest.dispose()
  empty()
})

test('a waiter whose deadline fires while others are being told gets what it was served', () => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  for (const guest of [a, b, c]) admit(hut, guest)
  hut.source.stalls[0]!.slots.enforce({ value: 3, voice: 'operator' })
  b.onGranted = () => assert.equal(expire(hut, c)?.of.index, 0)
  hut.gate.admitWaiting()
  assert.deepEqual([b.grants, c.grants], [1, 0])
  for (const guest of [a, b, c]) guest.dispose()
  empty()
})

test('a bug in one waiter neither hurts the others nor keeps the slot', (t, done) => {
  const { hut, empty } = scene({ servers: [1], line: 5 })
  const [a, b, c] = guests(3) as [Guest, Guest, Guest]
  for (const guest of [a, b, c]) admit(hut, guest)
  b.onGranted = () => {
    throw new Error('a bug')
  }
  const task = t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
    assert.throws(run, /a bug/)
  })
  a.dispose()
  assert.equal(task.mock.callCount(), 1)
  assert.equal(c.grants, 1)
  c.dispose()
  empty()
  done()
})

test('what a quicker thread spoiled is tried again', () => {
  const { hut } = scene({ servers: [1], line: 5 })
  const { source } = hut
  const pick = source.pick.bind(source)
  let spoiled = 0
  source.pick = (w) => {
    if (spoiled++ > 0) return pick(w)
    source.contended = true
    return null
  }
  assert.equal(admit(hut, new Guest()), 'at s0')
  assert.equal(spoiled, 2)
})

test('a listener is a gate of one limit', () => {
  const { memory, plan } = lay({ listener: 1, listenerLine: 1 })
  const gate = listenerGate(new Hut(memory, plan, 0).ledger)
  const [a, b, c] = [new Client(), new Client(), new Client()]
  const permit = gate.admit(a)
  assert.ok(permit instanceof Permit)
  assert.equal(gate.admit(b), null)
  assert.equal(gate.admit(c), 'queue_full')
  gate.queue.enforce({ value: 0, voice: 'operator' })
  assert.equal(gate.admit(c), 'listener_full')
  permit[Symbol.dispose]()
  assert.equal(b.granted_, true)
})

class Client extends QueuedWaiter<Slots> {
  granted_ = false
  granted(): void {
    this.granted_ = true
  }
}
