/**
 * What is left of a shard whose lock was held by a thread that died: any list in it may be half changed, so all of them
 * are made anew. Kept is what the tables of other threads pin, because they read and write it at this moment: their
 * drafts stay the busy objects of their keys (but for those that were taken away), everything else stays readable until it is let go. The contents of the
 * shard are lost, which a cache can afford; a wrong byte it cannot.
 *
 * It may rely on this: an object that is pinned is complete, its header is changed one word at a time, its extents are
 * linked last and are not unlinked while they are needed, and the size of a block in use changes in one write.
 */
import { EXTENT, FLAGS, OBJECT, REASON, STATE } from './object.ts'
import type { Pin } from './pin-table.ts'
import type { Shard } from './shard.ts'
import { recount } from './slide.ts'
import { SHARD } from './store-plan.ts'

/** Makes a shard anew around what living threads pin in it. Inside its lock. */
export function rebuild(shard: Shard, pins: readonly Pin[]): void {
  const { cells, blocks } = shard
  const byObject = Map.groupBy(
    pins.filter((pin) => pin.shard === shard.number),
    (pin) => pin.object,
  )
  const owners = new Map<number, number>()
  for (const object of byObject.keys()) for (const block of shard.blocksOf(object)) owners.set(block, object)

  blocks.reset([...owners.keys()].sort((a, b) => a - b))
  shard.index.reset()
  shard.queues.reset()
  shard.numbers[SHARD.resets]! += 1

  for (const [block, object] of owners) blocks.setOwner(block, object)
  for (const object of byObject.keys())
    if (cells[object + OBJECT.first] !== 0) cells[cells[object + OBJECT.first]! + EXTENT.refs] = 0
  for (const [object, held] of byObject) {
    const first = cells[object + OBJECT.first]!
    if (first !== 0) cells[first + EXTENT.refs]! += 1
    cells[object + OBJECT.pins] = held.length
    cells[object + OBJECT.size] = shard.blocksOf(object).reduce((sum, block) => sum + blocks.size(block), 0)
    recount(shard, object, held)
    // What was taken away stays so, though it is still being filled for its readers.
    const taken = (cells[object + OBJECT.flags]! & FLAGS.state) === STATE.gone
    const draft = held.some((pin) => pin.draft)
    const flags = cells[object + OBJECT.flags]! & ~(FLAGS.queue | FLAGS.state)
    cells[object + OBJECT.flags] = flags | (draft && !taken ? STATE.busy : STATE.gone)
    if (draft && !taken) shard.index.add(object)
    else if (!draft) shard.end(object, REASON.died)
  }
}
