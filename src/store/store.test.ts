import assert from 'node:assert/strict'
import test from 'node:test'
import { audit } from '../../test/races/audit.ts'
import type { Draft } from './draft.ts'
import { createStoreMemory, type StoreMemory } from './memory.ts'
import { METAS, REASON } from './object.ts'
import type { PinnedObject } from './pinned-object.ts'
import { Store, StoreBusy } from './store.ts'
import { planStore, type StoreSize } from './store-plan.ts'

const KB = 1024

interface Yard {
  readonly memory: StoreMemory
  /** The store as each of two workers and the main thread see it. */
  readonly a: Store
  readonly b: Store
  readonly main: Store
  /** Lets every thread that was rung hear. */
  readonly settle: () => void
}

function yard(size: Partial<StoreSize> = {}): Yard {
  const memory = createStoreMemory(planStore({ bytes: 1 << 20, threads: 2, ...size }))
  const rung = new Set<number>()
  const [a, b, main] = [0, 1, 2].map((me) => new Store(memory, me, (thread) => rung.add(thread))) as [
    Store,
    Store,
    Store,
  ]
  const settle = (): void => {
    for (let k = 0; rung.size > 0; k = (k + 1) % 3) if (rung.delete(k)) [a, b, main][k]!.heard()
  }
  return { memory, a, b, main, settle }
}

/** Bytes that are different at every place and for every seed. */
function bytes(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 17 + seed * 101) & 255))
}

function lead(store: Store, key: string): Draft {
  const draft = store.lead(key)
  assert.ok(draft !== null, `nobody leads ${key} and there is room`)
  return draft
}

function find(store: Store, key: string): PinnedObject {
  const hold = store.find(key)
  assert.ok(hold !== null, `${key} is there`)
  return hold
}

function put(store: Store, key: string, body: Buffer, head = `head of ${key}`): void {
  const draft = lead(store, key)
  assert.ok(draft.head(head))
  assert.ok(draft.append(body, 0, body.length))
  draft.finish()
}

function bodyOf(hold: PinnedObject): Buffer {
  return Buffer.concat(hold.pieces(0, hold.length))
}

/** The body under a key, or null. */
function get(store: Store, key: string): Buffer | null {
  const hold = store.find(key)
  const body = hold === null ? null : bodyOf(hold)
  hold?.release()
  return body
}

test('what one thread has filled another finds, with kind, numbers, head and body', () => {
  const { a, b, memory } = yard()
  const draft = lead(a, 'GET x')
  draft.kind = -5
  for (let i = 0; i < METAS; i++) draft.setMeta(i, i / 3)
  assert.ok(draft.head('content-type: caf\xe9'))
  const body = bytes(5000)
  assert.ok(draft.append(body, 0, 1234) && draft.append(body, 1234, 1234) && draft.append(body, 1234, 5000))
  assert.equal(b.find('GET x'), null)
  draft.finish()
  const hold = find(b, 'GET x')
  assert.deepEqual(
    [hold.key, hold.kind, hold.headText(), hold.length, hold.whole, hold.abandoned, hold.current],
    ['GET x', -5, 'content-type: caf\xe9', 5000, true, -1, true],
  )
  assert.deepEqual(
    Array.from({ length: METAS }, (_, i) => hold.meta(i)),
    Array.from({ length: METAS }, (_, i) => i / 3),
  )
  assert.deepEqual(bodyOf(hold), body)
  assert.deepEqual(Buffer.concat(hold.pieces(4000, 4500)), body.subarray(4000, 4500))
  assert.deepEqual(Buffer.concat(hold.pieces(10, 1300)), body.subarray(10, 1300))
  assert.throws(() => hold.pieces(0, 5001), RangeError)
  assert.throws(() => hold.meta(METAS), RangeError)
  hold.release()
  hold.release()
  audit(memory)
})

test('a number that one reader sets every other sees', () => {
  const { a, b } = yard()
  put(a, 'x', bytes(10))
  const [one, other] = [find(a, 'x'), find(b, 'x')]
  one.setMeta(3, 1e12)
  assert.equal(other.meta(3), 1e12)
  one.release()
  assert.throws(() => one.setMeta(3, 1), /after its release/)
  other.release()
})

test('keys, heads and bodies may be empty', () => {
  const { a, b, memory } = yard()
  put(a, '', bytes(0), '')
  const hold = find(b, '')
  assert.deepEqual([hold.key, hold.headText(), hold.length, hold.pieces(0, 0)], ['', '', 0, []])
  hold.release()
  audit(memory)
})

test('one thread leads a key, the others may join it, as many as are allowed', () => {
  const { a, b, memory } = yard()
  assert.equal(b.join('x', 9), null)
  const draft = lead(a, 'x')
  assert.equal(b.lead('x'), null)
  const readers = [b.join('x', 2), a.join('x', 2)]
  assert.ok(readers.every((hold) => hold !== null))
  assert.equal(b.join('x', 2), null)
  readers[0]?.release()
  assert.ok(b.join('x', 2) !== null)
  assert.equal(draft.head(''), true)
  draft.finish()
  assert.equal(b.join('x', 9), null)
  audit(memory)
})

test('who joins reads the body while it grows and is told of head, bytes and end', () => {
  const { a, b, memory, settle } = yard()
  const draft = lead(a, 'x')
  const hold = b.join('x', 9)!
  const told: string[] = []
  hold.follow(() => told.push(`${hold.headText()} ${hold.length} ${hold.whole}`))
  settle()
  assert.deepEqual([told.splice(0), hold.headed], [[' 0 false'], false])
  draft.head('head')
  settle()
  assert.deepEqual(told.splice(0), ['head 0 false'])
  const body = bytes(90 * KB)
  let at = 0
  for (const to of [1, 2, 300, 5000, 60_000, body.length]) {
    draft.append(body, at, to)
    settle()
    assert.deepEqual(Buffer.concat(hold.pieces(at, to)), body.subarray(at, to))
    at = to
  }
  assert.equal(told.splice(0).length, 6)
  draft.finish()
  settle()
  assert.deepEqual(told, [`head ${body.length} true`])
  assert.deepEqual(bodyOf(hold), body)
  settle()
  hold.release()
  audit(memory)
})

test('changes that come together are told once, and who follows no more is told nothing', () => {
  const { a, b, settle } = yard()
  const draft = lead(a, 'x')
  const hold = b.join('x', 9)!
  let told = 0
  draft.head('head')
  hold.follow(() => told++)
  draft.append(bytes(10), 0, 10)
  assert.equal(told, 0, 'never from inside a call')
  settle()
  assert.equal(told, 1)
  hold.follow(null)
  draft.append(bytes(10), 0, 10)
  settle()
  assert.equal(told, 1)
  hold.release()
  draft.drop()
})

test('a filler may read what it fills', () => {
  const { a } = yard()
  const draft = lead(a, 'x')
  const hold = draft.read()!
  draft.head('')
  draft.append(bytes(100), 0, 100)
  assert.deepEqual(bodyOf(hold), bytes(100))
  draft.finish()
  assert.deepEqual([hold.whole, hold.current], [true, true])
  hold.release()
})

test('readers of a draft that is given up learn why, keep what is there, and nobody finds it', () => {
  const { a, b, memory, settle } = yard()
  const draft = lead(a, 'x')
  const hold = b.join('x', 9)!
  let ended = 0
  hold.follow(() => {
    ended = hold.abandoned
  })
  draft.head('head')
  draft.append(bytes(100), 0, 100)
  draft.abandon(17)
  settle()
  assert.deepEqual([ended, hold.whole, b.find('x'), b.join('x', 9)], [17, false, null, null])
  assert.deepEqual(bodyOf(hold), bytes(100))
  assert.throws(() => draft.append(bytes(1), 0, 1), /after its end/)
  draft.drop()
  hold.release()
  assert.equal(audit(memory), 0)
  assert.equal(a.usage().bytes, 0)
})

test('a draft at the end of its block is dropped', () => {
  const { a, b } = yard()
  {
    using draft = lead(a, 'x')
    draft.head('head')
  }
  assert.ok(b.lead('x') !== null)
})

test('an object that is replaced while it is read stays as it was for its reader', () => {
  const { a, b, memory } = yard()
  put(a, 'x', bytes(3000, 1))
  const old = find(b, 'x')
  const draft = lead(a, 'x')
  draft.head('new')
  draft.append(bytes(2000, 2), 0, 2000)
  assert.deepEqual(get(b, 'x'), bytes(3000, 1), 'the old one is found while the new one is filled')
  draft.finish()
  assert.deepEqual(get(b, 'x'), bytes(2000, 2))
  assert.equal(old.current, false)
  for (let i = 0; i < 2000; i++) put(a, `other ${i}`, bytes(500, i))
  assert.deepEqual(bodyOf(old), bytes(3000, 1))
  assert.equal(old.headText(), 'head of x')
  audit(memory)
  old.release()
  audit(memory)
})

test('a fresh head is put before the same bytes without copying them', () => {
  const { a, b, memory } = yard()
  put(a, 'x', bytes(50 * KB))
  const old = find(b, 'x')
  old.setMeta(1, 1)
  const before = b.usage().bytes
  assert.equal(b.replaceHead(old, 'fresh', [7, 8]), true)
  assert.ok(b.usage().bytes - before < 1000)
  const fresh = find(a, 'x')
  assert.deepEqual([fresh.headText(), fresh.meta(0), fresh.meta(1), fresh.meta(2)], ['fresh', 7, 8, 0])
  assert.deepEqual([old.headText(), old.meta(1), old.current], ['head of x', 1, false])
  assert.equal(b.replaceHead(old, 'again', []), false)
  audit(memory)
  old.release()
  assert.deepEqual(bodyOf(fresh), bytes(50 * KB))
  fresh.release()
  audit(memory)
  assert.equal(a.remove('x'), true)
  assert.equal(a.usage().bytes, 0)
})

test('a draft that took over a body and is dropped leaves the body with its owner', () => {
  const { a, memory } = yard()
  put(a, 'x', bytes(5000))
  const hold = find(a, 'x')
  const draft = lead(a, 'x')
  assert.equal(draft.adopt(hold), true)
  assert.equal(draft.append(bytes(1), 0, 1), false)
  draft.drop()
  hold.release()
  audit(memory)
  assert.deepEqual(get(a, 'x'), bytes(5000))
  for (let i = 0; i < 3000; i++) put(a, `other ${i}`, bytes(1000, i))
  audit(memory)
})

test('what is removed is not found, and its reader reads on', () => {
  const { a, b, main, memory } = yard()
  put(a, 'x', bytes(1000))
  put(a, 'y', bytes(1000))
  const [x, y] = [find(b, 'x'), find(b, 'y')]
  assert.deepEqual([main.remove('x'), main.remove('x'), b.find('x')], [true, false, null])
  assert.deepEqual([main.removeHeld(y), b.removeHeld(y), b.find('y')], [true, false, null])
  assert.deepEqual(bodyOf(x), bytes(1000))
  audit(memory)
  x.release()
  y.release()
  assert.equal(a.usage().bytes, 0)
})

test('a body longer than the store takes is refused, and what came before stays readable', () => {
  const { a, b } = yard({ maxObject: 10_000 })
  const draft = lead(a, 'x')
  draft.head('')
  assert.equal(draft.append(bytes(9000), 0, 9000), true)
  const hold = b.join('x', 9)!
  assert.equal(draft.append(bytes(1001), 0, 1001), false)
  assert.equal(draft.append(bytes(1), 0, 1), false, 'no hole in a body')
  assert.throws(() => draft.finish(), /without all/)
  draft.abandon(20)
  assert.deepEqual([hold.length, hold.abandoned], [9000, 20])
  hold.release()
  assert.equal(a.usage().bytes, 0)
})

test('a store whose every byte is pinned refuses more and takes it when something is let go', () => {
  const { a, b, memory } = yard()
  const holds: PinnedObject[] = []
  for (;;) {
    const draft = a.lead(`x ${holds.length}`)
    if (draft === null) break
    if (!draft.head('') || !draft.append(bytes(20_000), 0, 20_000)) {
      draft.drop()
      break
    }
    draft.finish()
    holds.push(find(b, `x ${holds.length}`))
  }
  assert.ok(holds.length > 30)
  audit(memory)
  holds.pop()!.release()
  put(a, 'more', bytes(20_000))
  for (const hold of holds) hold.release()
  audit(memory)
})

test('large bodies find room among small objects that lie everywhere', () => {
  const { a, memory } = yard()
  for (let i = 0; i < 3000; i++) put(a, `small ${i}`, bytes(100 + ((i * 37) % 400)))
  for (let i = 0; i < 3000; i++) find(a, `small ${((i * 7) % 50) + 2900}`).release()
  for (let i = 0; i < 5; i++) {
    const draft = lead(a, `large ${i}`)
    assert.ok(draft.reserve(200_000) && draft.head(''))
    assert.equal(draft.append(bytes(200_000, i), 0, 200_000), true)
    draft.finish()
    assert.deepEqual(get(a, `large ${i}`), bytes(200_000, i))
    audit(memory)
  }
})

test('a head that is too long is refused', () => {
  const { a } = yard()
  const draft = lead(a, 'x')
  assert.equal(draft.head('h'.repeat(65_537)), false)
  assert.equal(draft.head('h'.repeat(65_536)), true)
  assert.equal(draft.head('again'), false)
})

test('a draft is not finished without a head', () => {
  const { a } = yard()
  assert.throws(() => lead(a, 'x').finish(), /without a head/)
})

test('a walk sees every object once, in bounded steps, and may remove what it sees', () => {
  const { a, main, memory } = yard({ shards: 2 })
  for (let i = 0; i < 200; i++) put(a, `x ${i}`, bytes(10))
  const draft = lead(a, 'busy')
  const seen: string[] = []
  let steps = 1
  for (; !main.each((hold) => seen.push(hold.key), 10); steps++);
  assert.deepEqual(seen.sort(), Array.from({ length: 200 }, (_, i) => `x ${i}`).sort())
  assert.ok(steps >= (main.plan.chains * 2) / 10)
  while (!main.each((hold) => void main.removeHeld(hold), 1000));
  draft.drop()
  assert.deepEqual([main.usage().objects, main.usage().bytes], [0, 0])
  assert.throws(() => {
    put(a, 'y', bytes(1))
    for (;;) main.each(() => assert.fail('seen'), 1000)
  }, /seen/)
  assert.equal(audit(memory), 1)
})

test('a thread that can pin no more finds nothing until it lets something go', () => {
  const { a, b } = yard({ pins: 2 })
  put(a, 'x', bytes(1))
  const holds = [find(a, 'x'), find(a, 'x')]
  assert.deepEqual([a.find('x'), a.lead('y'), a.join('x', 9)], [null, null, null])
  find(b, 'x').release()
  holds[0]!.release()
  find(a, 'x').release()
})

test('what a dead thread pinned is given back, and its drafts end with a reason', () => {
  const { a, b, main, memory, settle } = yard()
  put(a, 'x', bytes(1000))
  find(a, 'x')
  const draft = lead(a, 'y')
  draft.head('')
  draft.append(bytes(500), 0, 500)
  const hold = b.join('y', 9)!
  let told = 0
  hold.follow(() => told++)
  settle()
  main.reclaim(0)
  settle()
  assert.deepEqual([told, hold.abandoned, bodyOf(hold)], [2, REASON.died, bytes(500)])
  hold.release()
  audit(memory)
  assert.equal(main.remove('x'), true)
  assert.equal(main.usage().bytes, 0)
  put(new Store(memory, 0, () => {}), 'y', bytes(10))
  assert.deepEqual(get(b, 'y'), bytes(10))
  assert.equal(main.usage().resets, 0)
})

test('a shard whose lock a dead thread held is begun anew around what the living use', () => {
  const { a, b, main, memory, settle } = yard()
  put(a, 'read', bytes(40_000, 3))
  put(a, 'shared', bytes(2000, 4))
  for (let i = 0; i < 100; i++) put(a, `lost ${i}`, bytes(1000))
  find(a, 'lost 1')
  const dying = lead(a, 'dying')
  dying.head('')
  const [read, shared, joined] = [find(b, 'read'), find(b, 'shared'), b.join('dying', 9)!]
  assert.equal(b.replaceHead(shared, 'fresh', []), true)
  const fresh = find(b, 'shared')
  const draft = lead(b, 'draft')
  draft.head('kept')
  draft.append(bytes(700, 5), 0, 300)
  // The thread dies in the middle of a section: its lock is taken, and anything may be half changed.
  const cells = new Int32Array(memory.shards[0]!)
  cells[0] = 1
  cells.fill(-1, 16, 25)
  cells.fill(-1, 64, memory.plan.heap)
  assert.throws(() => main.find('read'), StoreBusy)
  assert.equal(main.reclaim(0), 1)
  settle()
  audit(memory)
  assert.deepEqual([main.usage().objects, main.usage().resets, b.find('lost 1'), b.find('read')], [0, 1, null, null])
  assert.deepEqual([bodyOf(read), bodyOf(shared), bodyOf(fresh)], [bytes(40_000, 3), bytes(2000, 4), bytes(2000, 4)])
  assert.deepEqual([read.headText(), shared.headText(), fresh.headText()], ['head of read', 'head of shared', 'fresh'])
  assert.equal(joined.abandoned, REASON.died)
  assert.equal(b.lead('draft'), null)
  draft.append(bytes(700, 5), 300, 700)
  draft.finish()
  assert.deepEqual(get(b, 'draft'), bytes(700, 5))
  for (let i = 0; i < 3000; i++) put(b, `new ${i}`, bytes(1000, i))
  assert.deepEqual(bodyOf(read), bytes(40_000, 3))
  for (const hold of [read, shared, fresh, joined]) hold.release()
  audit(memory)
  while (!main.each((hold) => void main.removeHeld(hold), 10_000));
  assert.equal(main.usage().bytes, 0)
})

test('what the main thread cannot do while a shard is locked it does later', () => {
  const { a, main, memory } = yard()
  put(a, 'x', bytes(1000))
  const hold = find(main, 'x')
  find(a, 'x')
  lead(a, 'y')
  const cells = new Int32Array(memory.shards[0]!)
  cells[0] = 2 // worker 1 has the lock and is dead, which is not known yet
  hold.release()
  main.reclaim(0)
  main.reclaim(1)
  audit(memory)
  assert.deepEqual([main.usage().objects, main.usage().bytes], [0, 0])
})

test('the main thread leads nothing, and nobody has a number that is not there', () => {
  const { main, memory } = yard()
  assert.throws(() => main.lead('x'), /main thread/)
  assert.throws(() => new Store(memory, 3, () => {}), RangeError)
})

test('what is being filled can be taken away: its readers get all of it, nobody else finds it, and the next one fills anew', () => {
  for (const how of ['by its key', 'by a reader'] as const) {
    const { a, b, main, memory, settle } = yard()
    const old = lead(a, 'x')
    assert.ok(old.head('old'))
    assert.ok(old.append(bytes(3000), 0, 1000))
    const reader = b.join('x', 9)
    assert.ok(reader?.findable && !reader.current)
    assert.ok(b.isBusy('x') && main.isBusy('x') && !b.isBusy('y'))
    if (how === 'by its key') assert.deepEqual([main.remove('x'), main.remove('x')], [true, false])
    else assert.deepEqual([b.removeHeld(reader), a.removeHeld(reader)], [true, false])
    assert.deepEqual([reader.findable, b.isBusy('x'), b.join('x', 9), a.find('x')], [false, false, null, null])

    const next = lead(b, 'x')
    assert.ok(old.append(bytes(3000), 1000, 3000))
    old.finish()
    settle()
    assert.deepEqual([reader.whole, reader.current], [true, false])
    assert.deepEqual(bodyOf(reader), bytes(3000))
    assert.equal(a.find('x'), null, 'what was taken away does not come back')
    assert.ok(b.isBusy('x'))

    assert.ok(next.head('new') && next.append(bytes(10, 2), 0, 10))
    next.finish()
    assert.deepEqual(get(a, 'x'), bytes(10, 2))
    reader.release()
    audit(memory)
    assert.deepEqual([main.remove('x'), main.remove('x')], [true, false])
    assert.equal(a.usage().bytes, 0)
  }
})

test('what is stored and what is being filled for the same key go together', () => {
  const { a, b, main, memory } = yard()
  put(a, 'x', bytes(100))
  const draft = lead(b, 'x')
  assert.ok(draft.head('new'))
  const stored = find(a, 'x')
  assert.ok(main.remove('x'))
  assert.deepEqual([a.find('x'), a.isBusy('x'), stored.findable], [null, false, false])
  draft.finish()
  assert.equal(a.find('x'), null)
  stored.release()
  audit(memory)
  assert.equal(a.usage().bytes, 0)
})

test('a draft that was taken away may be given up, dropped, or lost with its thread', () => {
  const { a, b, main, memory } = yard()
  for (const end of [(draft: Draft) => draft.abandon(17), (draft: Draft) => draft.drop(), () => main.reclaim(0)]) {
    const draft = lead(a, 'x')
    assert.ok(draft.head('x'))
    assert.ok(b.remove('x'))
    end(draft)
    assert.deepEqual([b.find('x'), b.isBusy('x')], [null, false])
    audit(memory)
    assert.equal(b.usage().bytes, 0)
  }
})
