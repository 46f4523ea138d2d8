import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { audit } from '../../test/races/audit.ts'
import type { Draft } from './draft.ts'
import { createStoreMemory, type StoreMemory } from './memory.ts'
import { EXTENT, OBJECT } from './object.ts'
import type { PinnedObject } from './pinned-object.ts'
import { Store } from './store.ts'
import { planStore, SHARD, type StoreSize } from './store-plan.ts'
import type { Window } from './window.ts'

const KB = 1024
/** Why it is given up, where somebody looks. */
const GONE = 20

class Yard {
  readonly memory: StoreMemory
  readonly stores: readonly Store[]
  readonly main: Store
  readonly #rung = new Set<number>()

  constructor(threads: number, size: Partial<StoreSize> = {}) {
    this.memory = createStoreMemory(planStore({ bytes: 1 << 20, shards: 1, maxObject: 64 * KB, threads, ...size }))
    this.stores = Array.from({ length: threads + 1 }, (_, me) => new Store(this.memory, me, (k) => this.#rung.add(k)))
    this.main = this.stores[threads]!
  }

  /** Lets every thread that was rung hear. */
  settle(): void {
    for (const k of this.#rung) {
      this.#rung.delete(k)
      this.stores[k]!.heard()
    }
  }
}

const BODY = Buffer.from(
  Uint8Array.from({ length: 8000 * KB }, (_, i) => (i * 31 + (i >>> 8) * 17 + (i >>> 16) * 5) & 255),
)

/** Bytes that are different at every place. */
function bytes(from: number, to: number): Buffer {
  return BODY.subarray(from, to)
}

function lead(store: Store, key: string): Draft {
  const draft = store.lead(key)
  assert.ok(draft !== null)
  assert.ok(draft.reserve(-1) && draft.head('head'))
  return draft
}

function join(store: Store, key: string): PinnedObject {
  const hold = store.join(key, 99)
  assert.ok(hold !== null)
  return hold
}

/** One that reads a body and compares it. */
class Reader {
  readonly hold: PinnedObject
  at = 0

  constructor(hold: PinnedObject) {
    this.hold = hold
  }

  /** At most so many bytes more. */
  read(most: number): number {
    const to = Math.min(this.hold.length, this.at + most)
    for (const piece of this.hold.pieces(this.at, to)) {
      assert.ok(piece.equals(bytes(this.at, this.at + piece.length)))
      this.at += piece.length
    }
    this.hold.pass(this.at)
    return to
  }
}

/** Writes the body from `from` on until there is no room or `to` is there. Returns how far it came. */
function write(window: Window, from: number, to: number): number {
  return from + window.write(bytes(from, to), 0, to - from)
}

test('what does not fit goes on for those who read it, at the speed of the slowest, and nobody else finds it', () => {
  const yard = new Yard(2)
  const [a, b] = yard.stores as [Store, Store]
  const draft = lead(a, 'long')
  const fast = new Reader(join(b, 'long'))
  const slow = new Reader(join(a, 'long'))
  assert.equal(draft.append(bytes(0, 64 * KB), 0, 64 * KB), true)
  assert.equal(draft.append(bytes(64 * KB, 65 * KB), 0, KB), false)
  const window = draft.outgrow(GONE)
  assert.ok(window !== null)
  assert.equal(b.join('long', 99), null)
  assert.ok(b.lead('long') !== null, 'another fetch may begin')
  let at = 64 * KB
  let rung = 0
  window.onRoom = () => rung++
  for (let grown = -1; grown !== at; ) {
    grown = at
    at = write(window, at, 2000 * KB)
    fast.read(Infinity)
    yard.settle()
  }
  assert.equal(fast.at, at)
  assert.ok(at < 700 * KB, `${at} bytes for one that has read nothing`)
  const { bytes: used } = yard.main.usage()
  assert.equal(rung, 0)
  slow.read(Infinity)
  yard.settle()
  assert.equal(rung, 1)
  for (let n = 0; at < 2000 * KB; n++) {
    assert.ok(n < 100)
    at = write(window, at, 2000 * KB)
    for (const one of [fast, slow]) one.read(Infinity)
    audit(yard.memory)
    assert.ok(yard.main.usage().bytes <= used, 'it takes no more memory')
  }
  window.finish()
  for (const one of [fast, slow]) {
    assert.deepEqual([one.at, one.hold.whole], [2000 * KB, true])
    one.hold.release()
  }
  assert.equal(a.find('long'), null)
})

test('a reader that has read all there is when it begins to pass by hears of that, so that there is room for more', () => {
  const yard = new Yard(2)
  const [a, b] = yard.stores as [Store, Store]
  const draft = lead(a, 'long')
  const reader = new Reader(join(b, 'long'))
  reader.hold.follow(() => reader.read(Infinity))
  assert.equal(draft.append(bytes(0, 64 * KB), 0, 64 * KB), true)
  yard.settle()
  assert.equal(reader.at, 64 * KB)
  assert.equal(draft.append(bytes(64 * KB, 65 * KB), 0, KB), false)
  const window = draft.outgrow(GONE)!
  yard.settle()
  const { cells } = reader.hold.shard
  assert.equal(cells[cells[reader.hold.object + OBJECT.first]! + EXTENT.readers], 0, 'it has passed the first piece')
  window.abandon(GONE)
  reader.hold.release()
})

test('the piece that is being filled is never the only one, however long it is', () => {
  const yard = new Yard(1, { bytes: 4096 * KB, maxObject: 2048 * KB })
  const a = yard.stores[0]!
  const draft = lead(a, 'long')
  const reader = new Reader(draft.read()!)
  assert.equal(draft.append(bytes(0, 2000 * KB), 0, 2000 * KB), true)
  assert.equal(draft.append(bytes(0, 100 * KB), 0, 100 * KB), false)
  const window = draft.outgrow(GONE)!
  for (let at = 2000 * KB, n = 0; at < 6000 * KB; n++) {
    assert.ok(n < 1000, `it stands still at ${at}`)
    reader.read(Infinity)
    at = write(window, at, 6000 * KB)
    audit(yard.memory)
  }
  window.abandon(GONE)
  reader.hold.release()
})

test('it takes no more than two pieces of memory where there is none to be had', () => {
  const yard = new Yard(1, { bytes: 256 * KB, maxObject: 64 * KB })
  const a = yard.stores[0]!
  const draft = lead(a, 'long')
  const reader = new Reader(draft.read()!)
  const full: Draft[] = []
  for (let n = 0; ; n++) {
    const other = a.lead(`other ${n}`)
    if (other === null || !other.append(Buffer.alloc(KB), 0, KB)) break
    full.push(other)
  }
  let at = 0
  while (draft.append(bytes(at, at + KB), 0, KB)) at += KB
  assert.equal(at, 16 * KB, 'what was taken at the start')
  const window = draft.outgrow(GONE)!
  while (at < 200 * KB) {
    const before = at
    reader.read(Infinity)
    at = write(window, at, 200 * KB)
    assert.ok(at > before)
    audit(yard.memory)
  }
  window.abandon(GONE)
  assert.equal(reader.hold.abandoned, GONE)
  reader.hold.release()
  for (const other of full) other.drop()
})

test('who fills it hears that nobody reads any more', () => {
  const yard = new Yard(2)
  const [a, b] = yard.stores as [Store, Store]
  const draft = lead(a, 'long')
  const reader = join(b, 'long')
  draft.append(bytes(0, 40 * KB), 0, 40 * KB)
  const window = draft.outgrow(GONE)!
  let rung = 0
  window.onRoom = () => rung++
  reader.release()
  yard.settle()
  assert.deepEqual([rung, window.readers], [1, 0])
  window.abandon(GONE)
  audit(yard.memory)
  const alone = lead(a, 'alone')
  alone.append(bytes(0, KB), 0, KB)
  assert.equal(alone.outgrow(GONE), null, 'of which nobody has read anything')
  audit(yard.memory)
  assert.equal(yard.main.usage().objects, 0)
})

test('a body of more than 4 GB passes by', () => {
  const yard = new Yard(1, { bytes: 4 << 20, maxObject: 1 << 20 })
  const draft = lead(yard.stores[0]!, 'endless')
  const hold = draft.read()!
  draft.append(Buffer.alloc(KB), 0, KB)
  const window = draft.outgrow(GONE)!
  const much = Buffer.alloc(512 * KB, 'x')
  let at = KB
  while (at < 2 ** 32 + 2 ** 20) {
    at += window.write(much, 0, much.length)
    assert.equal(hold.length, at)
    const [last] = hold.pieces(at - 1, at)
    assert.equal(last?.[0], 120)
    hold.pass(at)
  }
  window.finish()
  assert.ok(hold.whole)
  hold.release()
})

test('readers that come, read and go as they like get the right bytes, and threads that die leave an exact account', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), who: fc.nat(7), most: fc.nat(200 * KB) }) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('write' as const), most: fc.integer({ min: 1, max: 90 * KB }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), inside: fc.boolean() }) },
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 80 }), (steps) => {
      const yard = new Yard(3)
      const [a, b, c] = yard.stores as [Store, Store, Store]
      const draft = lead(a, 'long')
      let dead = false
      let readers = [a, b, c, a, b, c, b, c].map((store, n) => ({ one: new Reader(join(store, 'long')), store, n }))
      draft.append(bytes(0, 30 * KB), 0, 30 * KB)
      const window = draft.outgrow(GONE)!
      let at = 30 * KB
      for (const one of steps) {
        if (one.kind === 'write') at = write(window, at, at + one.most)
        else if (one.kind === 'read') readers.find(({ n }) => n === one.who)?.one.read(one.most)
        else if (one.kind === 'leave') {
          readers.find(({ n }) => n === one.who)?.one.hold.release()
          readers = readers.filter(({ n }) => n !== one.who)
        } else if (!dead) {
          dead = true
          if (one.inside) new Int32Array(yard.memory.shards[0]!)[SHARD.lock] = 3
          yard.main.reclaim(2)
          readers = readers.filter(({ store }) => store !== c)
        }
        audit(yard.memory)
        assert.equal(window.readers, readers.length)
      }
      // Nobody is ever left waiting: as long as all read, it goes on.
      for (let n = 0; n < 5 && readers.length > 0; n++) {
        const before = at
        for (const { one } of readers) one.read(Infinity)
        at = write(window, at, at + 100 * KB)
        assert.ok(at > before)
      }
      window.finish()
      for (const { one } of readers) {
        one.read(Infinity)
        assert.equal(one.at, at)
        one.hold.release()
      }
      audit(yard.memory)
    }),
    { numRuns: 40 },
  )
})

test('when the thread that fills it dies its readers learn that, and keep what they have not passed', () => {
  for (const inside of [false, true]) {
    const yard = new Yard(2)
    const [a, b] = yard.stores as [Store, Store]
    const draft = lead(a, 'long')
    const reader = new Reader(join(b, 'long'))
    draft.append(bytes(0, 40 * KB), 0, 40 * KB)
    const window = draft.outgrow(GONE)!
    write(window, 40 * KB, 300 * KB)
    reader.read(100 * KB)
    if (inside) new Int32Array(yard.memory.shards[0]!)[SHARD.lock] = 1
    yard.main.reclaim(0)
    assert.equal(reader.hold.abandoned, 0)
    reader.read(Infinity)
    assert.equal(reader.at, 300 * KB)
    audit(yard.memory)
    reader.hold.release()
    audit(yard.memory)
  }
})

test('what took its room before is never refused later, however full the store is, and gives back what it did not need', () => {
  const yard = new Yard(1, { bytes: 256 * KB, maxObject: 128 * KB })
  const a = yard.stores[0]!
  const known = a.lead('known')!
  assert.ok(known.reserve(100 * KB) && known.head('head'))
  assert.equal(a.lead('too long')!.reserve(129 * KB), false)
  const short = lead(a, 'short')
  short.append(bytes(0, 10), 0, 10)
  short.finish()
  audit(yard.memory)
  const empty = lead(a, 'empty')
  empty.finish()
  audit(yard.memory)
  const full: Draft[] = []
  for (let n = 0; ; n++) {
    const other = a.lead(`other ${n}`)
    if (other === null || !other.append(Buffer.alloc(KB), 0, KB)) break
    full.push(other)
  }
  assert.equal(a.lead('none')?.reserve(100 * KB) ?? false, false)
  for (let at = 0; at < 100 * KB; at += KB) assert.ok(known.append(bytes(at, at + KB), 0, KB))
  known.finish()
  new Reader(a.find('known')!).read(Infinity)
  audit(yard.memory)
  for (const other of full) other.drop()
})
