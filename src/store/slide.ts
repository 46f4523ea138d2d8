/**
 * Bodies that pass by: a body that turns out not to fit is kept in part, and goes on for its present readers. Its
 * chain of extents becomes a belt: what all readers have passed is filled anew at its end, so that the thread that fills it
 * goes at the speed of the slowest reader, in memory that does not grow.
 *
 * Each extent counts the readers that still need it. A reader needs all extents from a certain one on (the table of pins
 * knows which, so that it can be given back for a thread that died); so the extents that are not needed lie in front.
 * Readers touch no links: an extent that is needed stays where it is. Everything here happens inside the lock.
 */
import { END, EXTENT, OBJECT } from './object.ts'
import type { Pin } from './pin-table.ts'
import type { Shard } from './shard.ts'

/** Bytes that a belt keeps, if it has so many, and up to which it grows where there is room; and at once. */
const BELT = 512 * 1024
const PIECE = 64 * 1024

/** Lets the body of a busy object pass by, filled by `thread`: every pin but that of its draft is a reader of all of it. */
export function begin(shard: Shard, object: number, thread: number): void {
  const { cells } = shard
  const readers = cells[object + OBJECT.pins]! - 1
  let room = 0
  for (let extent = cells[object + OBJECT.first]!; extent !== 0; extent = cells[extent + EXTENT.next]!) {
    cells[extent + EXTENT.readers] = readers
    room += cells[extent + EXTENT.capacity]!
  }
  cells[object + OBJECT.room] = room
  cells[object + OBJECT.wants] = 0
  Atomics.store(cells, object + OBJECT.slides, thread + 1)
}

/** An extent to go on in, at the end of the chain; 0: there is none now, and the thread that fills it is rung when there is. */
export function goOn(shard: Shard, object: number): number {
  const { cells } = shard
  let extent = isFree(shard, object) ? cells[object + OBJECT.first]! : 0
  if (extent !== 0) {
    // In this order: a thread that dies here leaves a chain that can be walked.
    Atomics.store(cells, object + OBJECT.first, cells[extent + EXTENT.next]!)
    cells[extent + EXTENT.next] = 0
    Atomics.store(cells, cells[object + OBJECT.last]! + EXTENT.next, extent)
    cells[object + OBJECT.last] = extent
  } else {
    const lacks = BELT - cells[object + OBJECT.room]!
    extent = lacks > 0 ? shard.extend(object, Math.min(PIECE, lacks)) : 0
    if (extent === 0) {
      cells[object + OBJECT.wants] = 1
      return 0
    }
    cells[object + OBJECT.room]! += cells[extent + EXTENT.capacity]!
  }
  cells[extent + EXTENT.readers] = cells[object + OBJECT.pins]! - 1
  return extent
}

/** A reader that needed all from `from` on does not need what lies before `to` any more. The thread to ring; -1: none. */
export function pass(shard: Shard, object: number, from: number, to: number): number {
  const { cells } = shard
  for (let extent = from; extent !== to; extent = cells[extent + EXTENT.next]!) cells[extent + EXTENT.readers]! -= 1
  return settle(shard, object)
}

/** Gives back the pin of a reader, of a body that passes by or of any other. `from`: as noted in its pin. The thread to ring; -1: none. */
export function release(shard: Shard, object: number, from: number): number {
  const { cells } = shard
  if (cells[object + OBJECT.slides] === 0 || cells[object + OBJECT.pins] === 1) {
    shard.unpin(object)
    return -1
  }
  const first = from === 0 ? cells[object + OBJECT.first]! : from
  for (let extent = first; extent !== 0; extent = cells[extent + EXTENT.next]!) cells[extent + EXTENT.readers]! -= 1
  shard.unpin(object)
  return settle(shard, object)
}

/** Counts anew the readers of each extent, by the pins of a body that passes by: a thread died in the middle of it. */
export function recount(shard: Shard, object: number, pins: readonly Pin[]): void {
  const { cells } = shard
  if (cells[object + OBJECT.slides] === 0) return
  const extents: number[] = []
  for (let at = cells[object + OBJECT.first]!; at !== 0; at = cells[at + EXTENT.next]!) extents.push(at)
  for (const extent of extents) cells[extent + EXTENT.readers] = 0
  for (const pin of pins) {
    if (pin.draft) continue
    const first = pin.extent === 0 ? 0 : extents.indexOf(pin.extent)
    for (const extent of extents.slice(first)) cells[extent + EXTENT.readers]! += 1
  }
  // The thread that fills it looks again.
  cells[object + OBJECT.wants] = 0
  cells[object + OBJECT.last] = extents.at(-1) ?? 0
  cells[object + OBJECT.room] = extents.reduce((sum, extent) => sum + cells[extent + EXTENT.capacity]!, 0)
}

/** Whether the first extent can be filled anew: no reader needs it, and it is not the one that is being filled. */
function isFree(shard: Shard, object: number): boolean {
  const { cells } = shard
  const first = cells[object + OBJECT.first]!
  return first !== cells[object + OBJECT.last] && cells[first + EXTENT.readers] === 0
}

/** Frees what is beyond the belt. The thread to ring: there is room for what it fills, or no reader is left; -1: none. */
function settle(shard: Shard, object: number): number {
  const { cells, blocks } = shard
  const open = cells[object + OBJECT.end] === END.open
  const unread = open && cells[object + OBJECT.pins] === 1
  while (!unread && isFree(shard, object)) {
    const first = cells[object + OBJECT.first]!
    const left = cells[object + OBJECT.room]! - cells[first + EXTENT.capacity]!
    // Two stay in any case: the last one is being filled, and with it alone nothing could ever be filled anew.
    if (open && (left < BELT || cells[first + EXTENT.next] === cells[object + OBJECT.last])) break
    Atomics.store(cells, object + OBJECT.first, cells[first + EXTENT.next]!)
    cells[object + OBJECT.room] = left
    cells[object + OBJECT.size]! -= blocks.size(first)
    blocks.give(first)
  }
  if (!open || !(unread || (cells[object + OBJECT.wants] === 1 && isFree(shard, object)))) return -1
  cells[object + OBJECT.wants] = 0
  return cells[object + OBJECT.slides]! - 1
}
