/**
 * One of the threads that race in store.test.ts: it fills, finds, reads, replaces and removes a few keys as fast as it
 * can. Every byte of a body follows from its key, its version and its place, so a body that was overwritten while it was
 * pinned is seen by whoever reads it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Draft } from '../../src/store/draft.ts'
import type { PinnedObject } from '../../src/store/pinned-object.ts'
import { Store } from '../../src/store/store.ts'
import type { Window } from '../../src/store/window.ts'
import { BOARD, type StoreRace } from './board.ts'

const race = workerData as StoreRace
const board = new Int32Array(race.board)
const store = new Store(race.memory, race.me, (thread) => Atomics.store(board, BOARD.bells + thread, 1))
const KEYS = 40
const REASON = 16

/** xorshift: quick, and the same for the same seed. */
let state = race.seed | 1
function chance(n: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % n
}

const chunk = Buffer.alloc(30_000)

function byteAt(key: number, version: number, at: number): number {
  return (key * 7 + version * 13 + at * 31 + (at >>> 8)) & 255
}

function fault(): void {
  Atomics.add(board, BOARD.faults, 1)
}

/** Checks what is there of a body. */
function check(hold: PinnedObject, key: number, from: number): number {
  const to = hold.length
  const version = hold.meta(0)
  let at = from
  for (const piece of hold.pieces(from, to)) {
    for (let i = 0; i < piece.length; i += 1 + (piece.length >>> 6))
      if (piece[i] !== byteAt(key, version, at + i)) fault()
    at += piece.length
  }
  if (at !== to) fault()
  return to
}

interface Filling {
  readonly draft: Draft
  readonly key: number
  readonly version: number
  readonly length: number
  done: number
  /** It may turn out not to fit. */
  readonly passes: boolean
}

/** A body that passes by, up to its length. */
interface Passing {
  readonly window: Window
  readonly key: number
  readonly version: number
  readonly length: number
  done: number
}

interface Reading {
  readonly hold: PinnedObject
  readonly key: number
  /** How much was checked while it grew. */
  at: number
}

const filling: Filling[] = []
const passing: Passing[] = []
const reading: Reading[] = []
const growing = new Set<Reading>()

function fill(): void {
  const key = chance(KEYS)
  const draft = store.lead(`key ${key}`)
  if (draft === null) return
  const version = chance(250)
  const length = chance(4) === 0 ? chance(90_000) : chance(2000)
  draft.kind = key
  draft.setMeta(0, version)
  const passes = chance(3) === 0
  const fits = passes ? draft.reserve(-1) : chance(2) === 0 || draft.reserve(length)
  if (chance(50) !== 0 && fits && draft.head(`head ${key} ${version}`))
    filling.push({ draft, key, version, length, done: 0, passes })
  else draft.drop()
}

/** Puts the next bytes into the chunk. Returns how many. */
function piece(of: { key: number; version: number; length: number; done: number }): number {
  const n = Math.min(of.length - of.done, 1 + chance(chunk.length))
  for (let k = 0; k < n; k++) chunk[k] = byteAt(of.key, of.version, of.done + k)
  return n
}

function passOn(i: number): void {
  const one = passing[i]!
  const { window } = one
  one.done += window.write(chunk, 0, piece(one))
  const done = one.done === one.length
  if (!done && window.readers > 0 && chance(500) !== 0) return
  passing.splice(i, 1)
  if (!done) return window.abandon(REASON)
  window.finish()
  Atomics.add(board, BOARD.passed, 1)
}

function goOn(i: number): void {
  const one = filling[i]!
  const { draft, key, version } = one
  const n = piece(one)
  const taken = chance(one.passes ? 4 : 100) !== 0 && draft.append(chunk, 0, n)
  if (!taken && one.passes) {
    filling.splice(i, 1)
    const window = draft.outgrow(REASON)
    if (window !== null) passing.push({ window, key, version, length: one.done + chance(2_000_000), done: one.done })
    return
  }
  one.done += n
  if (taken && one.done < one.length) return
  filling.splice(i, 1)
  if (taken) draft.finish()
  else draft.abandon(REASON)
  if (taken) Atomics.add(board, BOARD.filled, 1)
}

function find(): void {
  const key = chance(KEYS)
  const hold = store.find(`key ${key}`)
  if (hold === null) return
  if (!hold.whole || hold.kind !== key || hold.headText() !== `head ${key} ${hold.meta(0)}`) fault()
  reading.push({ hold, key, at: 0 })
}

function join(): void {
  const key = chance(KEYS)
  const hold = store.join(`key ${key}`, 5)
  if (hold === null) return
  const one = { hold, key, at: 0 }
  growing.add(one)
  hold.follow(() => {
    const ended = hold.whole || hold.abandoned >= 0
    one.at = check(hold, key, one.at)
    hold.pass(one.at)
    if (!ended) return
    growing.delete(one)
    if (hold.whole && !hold.slides) check(hold, key, 0)
    hold.release()
    Atomics.add(board, BOARD.grown, 1)
  })
}

function release(): void {
  const one = reading.splice(chance(reading.length), 1)[0]!
  check(one.hold, one.key, 0)
  if (chance(10) === 0) {
    const version = one.hold.meta(0)
    store.replaceHead(one.hold, `head ${one.key} ${version}`, [version])
  }
  one.hold.release()
  Atomics.add(board, BOARD.read, 1)
}

function turn(): void {
  const act = chance(20)
  if (act < 4 && filling.length < 3) fill()
  else if (act < 10 && filling.length > 0) goOn(chance(filling.length))
  else if (act < 14 && reading.length < 8) find()
  else if (act < 16 && growing.size < 4) join()
  else if (act < 19 && reading.length > 0) release()
  else if (passing.length > 0) passOn(chance(passing.length))
  else if (chance(40) === 0) store.remove(`key ${chance(KEYS)}`)
  else if (chance(20) === 0) store.each((hold) => void hold.key, 20)
  if (Atomics.exchange(board, BOARD.bells + race.me, 0) === 1) store.heard()
}

parentPort?.postMessage('ready')
while (Atomics.load(board, BOARD.stop) === 0) turn()
while (reading.length > 0) release()
while (filling.length > 0) goOn(0)
for (const { window } of passing) window.abandon(REASON)
// Others end what is followed here; each of them rings.
while (growing.size > 0) {
  Atomics.store(board, BOARD.bells + race.me, 0)
  store.heard()
}
parentPort?.postMessage('done')
