import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Blocks } from './blocks.ts'
import { planStore } from './store-plan.ts'

function heap(): { blocks: Blocks; cells: Int32Array } {
  const plan = planStore({ bytes: 1 << 17, threads: 1, shards: 1 })
  const cells = new Int32Array(plan.words)
  const blocks = new Blocks(cells, plan)
  blocks.reset([])
  return { blocks, cells }
}

/** The heap as one list of its blocks, checked on the way. */
function walk(blocks: Blocks): { block: number; size: number; free: boolean }[] {
  const found: { block: number; size: number; free: boolean }[] = []
  for (let block = blocks.start; block !== 0; block = blocks.after(block)) {
    const free = blocks.isFree(block)
    assert.ok(!(free && found.at(-1)?.free), 'free neighbours are merged')
    found.push({ block, size: blocks.size(block), free })
  }
  assert.equal(
    found.reduce((sum, { size }) => sum + size, 0),
    blocks.capacity,
  )
  return found
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('take' as const), words: fc.integer({ min: 1, max: 6000 }) }),
    fc.record({ kind: fc.constant('take' as const), words: fc.integer({ min: 1, max: 70 }) }),
    fc.record({ kind: fc.constant('give' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('trim' as const), which: fc.nat(), words: fc.integer({ min: 1, max: 6000 }) }),
  ),
  { maxLength: 120 },
)

test('blocks never overlap, keep what was written, and give all memory back', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { blocks, cells } = heap()
      const held: { block: number; words: number; mark: number }[] = []
      for (const [mark, step] of list.entries()) {
        if (step.kind === 'take') {
          const block = blocks.take(step.words, mark)
          if (block === 0) continue
          cells.fill(mark, block, block + step.words)
          held.push({ block, words: step.words, mark })
        } else if (held.length > 0) {
          const i = step.which % held.length
          const one = held[i]!
          if (step.kind === 'give') {
            blocks.give(one.block)
            held.splice(i, 1)
          } else if (step.words < one.words) {
            blocks.trim(one.block, step.words)
            one.words = step.words
          }
        }
        const used = walk(blocks).filter(({ free }) => !free)
        assert.deepEqual(
          used.map(({ block }) => block),
          held.map(({ block }) => block).sort((a, b) => a - b),
        )
        assert.equal(
          used.reduce((sum, { size }) => sum + size, 0),
          blocks.used,
        )
        for (const { block, words, mark } of held) {
          assert.equal(blocks.owner(block), mark)
          assert.ok(
            cells.subarray(block, block + words).every((word) => word === mark),
            'a block was written by another',
          )
        }
      }
      for (const { block } of held) blocks.give(block)
      assert.equal(blocks.used, 0)
      assert.equal(walk(blocks).length, 1)
    }),
    { numRuns: 150 },
  )
})

test('a free block of the size that is called enough is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 40 }), (words, more) => {
      const { blocks } = heap()
      const hole = blocks.take(blocks.enough(words) + more, 1)
      const wall = blocks.take(1, 1)
      while (blocks.take(64, 1) !== 0);
      while (blocks.take(1, 1) !== 0);
      blocks.give(hole)
      assert.ok(wall !== 0 && blocks.take(words, 1) !== 0)
    }),
    { numRuns: 50 },
  )
})

test('a heap begun anew around kept blocks is free everywhere else', () => {
  const { blocks, cells } = heap()
  const all = Array.from({ length: 20 }, (_, i) => blocks.take(10 + i * 7, i))
  const kept = all.filter((_, i) => i % 3 === 1)
  for (const block of kept) cells.fill(7, block, block + 5)
  blocks.reset(kept)
  assert.deepEqual(
    walk(blocks)
      .filter(({ free }) => !free)
      .map(({ block }) => block),
    kept,
  )
  assert.ok(kept.every((block) => cells.subarray(block, block + 5).every((word) => word === 7)))
  for (const block of kept) blocks.give(block)
  assert.equal(walk(blocks).length, 1)
})
