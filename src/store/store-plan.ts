/**
 * Where everything lies in the store's memory. The store is cut into shards by the hash of the key; each shard is one
 * SharedArrayBuffer with a lock, an index, queues and a heap of its own. All offsets in a shard count Int32 words, so
 * that a shard of 1 GB needs 28 bits. Memory that was never used is never touched: it does not become resident.
 *
 *   words   0 lock · 16 queues and counts · 64 bitmaps and lists of free blocks · index · ghost · heap
 *
 * Besides the shards there is one small control memory: for each thread a table of what it pins (table.ts).
 */
import { randomInt } from 'node:crypto'

/** Words of one cache line. */
const CACHE_LINE = 16
const MB = 1 << 20

/** Longest key in bytes, and longest head. */
export const MAX_KEY = 16_384
export const MAX_HEAD = 65_536

/** Words of a shard before its index. */
export const SHARD = {
  lock: 0,
  /** Each queue: newest, oldest, words, objects. */
  small: 16,
  main: 20,
  /** Words of all blocks in use, headers included. */
  used: 24,
  /** Evictions that the ghost has seen. */
  ghostTime: 25,
  /** Place in `numbers` (Float64, so byte 128): objects evicted, contents lost with a thread. */
  evicted: 16,
  resets: 17,
  /** How often something was removed by its key: a number for each of 16 kinds of keys. */
  removals: 40,
  /** Bits of the first level, then a word of bits for each, then the lists. */
  levels: 64,
  bits: 65,
  lists: 96,
} as const

/** Kinds of keys, by their hash. */
export const REMOVALS = 16

/** First levels of free lists and lists in each. */
export const LEVELS = 24
export const LISTS = 32
const INDEX = SHARD.lists + LEVELS * LISTS

/** Plain data: made once, handed to every thread together with the memory. */
export interface StorePlan {
  /** Worker threads, numbered from 0; the main thread is number `threads`. */
  readonly threads: number
  /** A power of two. */
  readonly shards: number
  /** Words of one shard. */
  readonly words: number
  /** Chains of the index of one shard, and where they begin. A power of two. */
  readonly chains: number
  readonly index: number
  /** Sets of four in the ghost of one shard, and where they begin. A power of two. */
  readonly sets: number
  readonly ghost: number
  /** Where the heap begins; it goes on to the end. */
  readonly heap: number
  /** Longest body in bytes, longest piece of one. */
  readonly maxObject: number
  readonly maxExtent: number
  /** Most that one thread can pin. */
  readonly pins: number
  /** Mixed into the hashes of keys, so that keys cannot be made to collide. */
  readonly seed: number
}

/** What a store may be asked to be. */
export interface StoreSize {
  /** Bytes of everything, 128 KB … 64 GB. */
  readonly bytes: number
  /** Worker threads. */
  readonly threads: number
  /** A power of two. Without it one for each 64 MB, or for four of maxObject if that is more; at most 64 (more only where a shard would pass 1 GB). */
  readonly shards?: number
  /** Longest body in bytes, at most half a shard. Without it a quarter of a shard. */
  readonly maxObject?: number
  /** Most that one thread can pin; 65 536 without it. */
  readonly pins?: number
}

/** Words that one pin takes in a table. */
export const PIN_WORDS = 3

/** Words of one thread's table: a cache line of its own for the count, then so many for each pin. */
export function tableWords(plan: Pick<StorePlan, 'pins'>): number {
  return CACHE_LINE + plan.pins * PIN_WORDS
}

/** Throws RangeError for a size that cannot be. */
export function planStore(size: StoreSize): StorePlan {
  const { bytes, threads, pins = 65_536 } = size
  if (!(bytes >= MB / 8 && bytes <= 65_536 * MB)) throw new RangeError(`a store of ${bytes} bytes cannot be`)
  const shards = size.shards ?? usualShards(bytes, size.maxObject ?? 0)
  if (!Number.isInteger(Math.log2(shards))) throw new RangeError(`${shards} shards are no power of two`)
  const words = align(Math.floor(bytes / shards / 4) - CACHE_LINE + 1)
  if (words < MB / 32 || words > 1024 * (MB / 4)) throw new RangeError(`${shards} shards do not fit ${bytes} bytes`)
  const maxObject = size.maxObject ?? words
  if (!(maxObject > 0 && maxObject <= words * 2))
    throw new RangeError(`a body of ${maxObject} bytes does not fit a shard`)
  // One chain per KB: small objects take half a KB and more with their meta numbers, so a chain holds about two.
  const chains = 2 ** Math.floor(Math.log2(words / 256))
  const sets = chains / 4
  const ghost = INDEX + chains
  return {
    threads,
    shards,
    words,
    chains,
    index: INDEX,
    sets,
    ghost,
    heap: align(ghost + sets * 8),
    maxObject,
    maxExtent: Math.min(128 * 1024, words >> 2),
    pins,
    seed: randomInt(2 ** 32),
  }
}

// A body lies in one shard, so shards are not made smaller than large files need: four of the longest body. 64 suffice for
// any number of threads.
function usualShards(bytes: number, maxObject: number): number {
  const least = 2 ** Math.ceil(Math.log2(bytes / (1024 * MB)))
  const most = Math.min(64, bytes / (64 * MB), maxObject > 0 ? bytes / (4 * maxObject) : Infinity)
  return Math.max(1, least, 2 ** Math.floor(Math.log2(most)))
}

function align(words: number): number {
  return Math.ceil(words / CACHE_LINE) * CACHE_LINE
}
