/** Whether a store that nobody works on at the moment is consistent: heap, lists, index, queues, pins and sums agree. */
import assert from 'node:assert/strict'
import { HEADER } from '../../src/store/blocks.ts'
import type { StoreMemory } from '../../src/store/memory.ts'
import { EXTENT, FLAGS, OBJECT, QUEUE, STATE } from '../../src/store/object.ts'
import { type Pin, PinTable } from '../../src/store/pin-table.ts'
import { Shard } from '../../src/store/shard.ts'
import { LEVELS, LISTS, SHARD } from '../../src/store/store-plan.ts'

const FREE = 1
const PREVIOUS_FREE = 1 << 30

/** Fails on the first thing that does not fit. Returns how many objects there are, those that are gone included. */
export function audit(memory: StoreMemory): number {
  const { plan } = memory
  const table = new PinTable(memory.control, plan, 0)
  const pins = Array.from({ length: plan.threads + 1 }, (_, k) => table.pinsOf(k)).flat()
  let objects = 0
  for (const [number, cells] of memory.shards.entries()) {
    const shard = new Shard(cells, plan, number, 0)
    const mine = pins.filter((pin) => pin.shard === number)
    assert.equal(shard.cells[SHARD.lock], 0, 'the lock is free')
    const used = heapOf(shard)
    const found = objectsOf(shard, plan.chains, mine)
    checkBlocks(shard, used, found)
    for (const object of found) checkSlide(shard, object, mine)
    checkQueues(shard, found)
    objects += found.size
  }
  return objects
}

/** Walks the heap from end to end. Returns the blocks in use. */
function heapOf({ cells, blocks }: Shard): Set<number> {
  const used = new Set<number>()
  const free = new Set<number>()
  let words = 0
  let before = false
  let block = blocks.start
  for (; block !== 0; block = blocks.after(block)) {
    const header = cells[block - HEADER]!
    assert.equal((header & PREVIOUS_FREE) !== 0, before, 'a block knows whether the one before it is free')
    assert.ok(blocks.size(block) >= 6, 'no block is smaller than a free one must be')
    const isFree = (header & FREE) !== 0
    assert.ok(!(isFree && before), 'free neighbours are merged')
    if (isFree) {
      assert.equal(
        cells[block - HEADER + blocks.size(block) - 1],
        blocks.size(block),
        'a free block ends with its size',
      )
      free.add(block - HEADER)
    } else {
      used.add(block)
      words += blocks.size(block)
    }
    before = isFree
  }
  assert.equal(blocks.used, words, 'words in use')
  for (let list = 0; list < LEVELS * LISTS; list++) {
    for (let at = cells[SHARD.lists + list]!; at !== 0; at = cells[at + 2]!) {
      assert.ok(free.delete(at), 'what is listed as free is free')
    }
  }
  assert.equal(free.size, 0, 'what is free is listed')
  return used
}

/** All objects that are in the index or pinned. */
function objectsOf(shard: Shard, chains: number, pins: readonly Pin[]): Set<number> {
  const { cells } = shard
  const objects = new Set<number>()
  for (let chain = 0; chain < chains; chain++) {
    for (let object = shard.index.first(chain); object !== 0; object = cells[object + OBJECT.chain]!) {
      assert.equal(cells[object + OBJECT.low]! & (chains - 1), chain, 'an object is in its chain')
      assert.notEqual(cells[object + OBJECT.flags]! & FLAGS.state, STATE.gone, 'what is in the index is not gone')
      assert.ok(!objects.has(object), 'an object is in the index once')
      objects.add(object)
    }
  }
  for (const { object } of pins) {
    if (objects.has(object)) continue
    assert.equal(cells[object + OBJECT.flags]! & FLAGS.state, STATE.gone, 'what is not in the index is gone')
    objects.add(object)
  }
  for (const object of objects) {
    const count = pins.filter((pin) => pin.object === object).length
    assert.equal(cells[object + OBJECT.pins], count, 'pins are those of the tables')
    const busy = (cells[object + OBJECT.flags]! & FLAGS.state) === STATE.busy
    const drafts = pins.filter((pin) => pin.object === object && pin.draft).length
    // One that is gone may still be filled, for those who read it.
    if (busy || drafts > 0) assert.equal(drafts, 1, 'what is filled has a draft')
    const current = (cells[object + OBJECT.flags]! & FLAGS.state) === STATE.current
    assert.ok(!(current && drafts > 0), 'what is current is filled by nobody')
  }
  return objects
}

/** Every block in use belongs to an object that is there, and the sizes are right. */
function checkBlocks(shard: Shard, used: Set<number>, objects: Set<number>): void {
  const { cells, blocks } = shard
  const refs = new Map<number, number>()
  const owned = new Set<number>()
  for (const object of objects) {
    const all = shard.blocksOf(object)
    const size = all.reduce((sum, block) => sum + blocks.size(block), 0)
    assert.equal(cells[object + OBJECT.size], size, 'the size of an object')
    for (const block of all) {
      assert.ok(used.has(block), 'a block of an object is in use')
      owned.add(block)
    }
    const first = cells[object + OBJECT.first]!
    if (first !== 0) refs.set(first, (refs.get(first) ?? 0) + 1)
  }
  assert.equal(owned.size, used.size, 'every block in use belongs to an object')
  for (const [first, count] of refs) assert.equal(cells[first + EXTENT.refs], count, 'a body knows who shares it')
  for (const block of used) {
    const owner = blocks.owner(block)
    assert.ok(owner === 0 || objects.has(owner), 'the owner of a block is there')
  }
}

/** What passes by knows who still needs each part of it, and how much there is of it. */
function checkSlide({ cells }: Shard, object: number, pins: readonly Pin[]): void {
  if (cells[object + OBJECT.slides] === 0) return
  const extents: number[] = []
  for (let at = cells[object + OBJECT.first]!; at !== 0; at = cells[at + EXTENT.next]!) extents.push(at)
  assert.equal(cells[object + OBJECT.last], extents.at(-1))
  const room = extents.reduce((sum, extent) => sum + cells[extent + EXTENT.capacity]!, 0)
  assert.equal(cells[object + OBJECT.room], room, 'bytes of a body that passes by')
  const readers = pins.filter((pin) => pin.object === object && !pin.draft)
  for (const pin of readers) assert.ok(pin.extent === 0 || extents.includes(pin.extent), 'what is needed is there')
  for (const [n, extent] of extents.entries()) {
    const needed = readers.filter((pin) => pin.extent === 0 || extents.indexOf(pin.extent) <= n).length
    assert.equal(cells[extent + EXTENT.readers], needed, 'who needs an extent')
  }
}

function checkQueues({ cells }: Shard, objects: Set<number>): void {
  const queued = new Set<number>()
  for (const [place, queue] of [
    [SHARD.small, QUEUE.small],
    [SHARD.main, QUEUE.main],
  ] as const) {
    let words = 0
    let count = 0
    let newer = 0
    for (let object = cells[place]!; object !== 0; object = cells[object + OBJECT.older]!) {
      assert.equal(cells[object + OBJECT.newer], newer, 'neighbours in a queue know each other')
      assert.equal(cells[object + OBJECT.flags]! & FLAGS.queue, queue, 'an object knows its queue')
      assert.equal(cells[object + OBJECT.flags]! & FLAGS.state, STATE.current, 'what is queued is current')
      queued.add(object)
      newer = object
      count++
      words += cells[object + OBJECT.size]!
    }
    assert.equal(cells[place + 1], newer, 'the oldest of a queue')
    assert.deepEqual([cells[place + 2], cells[place + 3]], [words, count], 'the sums of a queue')
  }
  for (const object of objects) {
    const current = (cells[object + OBJECT.flags]! & FLAGS.state) === STATE.current
    assert.equal(queued.has(object), current, 'every current object is queued')
  }
}
