/**
 * One of the threads that race in store.test.ts: it fills, finds, reads, replaces and removes a few keys as fast as it
 * can. Every byte of a body follows from its key, its version and its place, so a body that was overwritten while it was
 * pinned is seen by whoever reads it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Draft } from '../../src/store/draft.ts'
import type { Hold } from '../../src/store/hold.ts'
import { Store } from '../../src/store/store.ts'
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
function check(hold: Hold, key: number, from: number): number {
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
}

interface Reading {
  readonly hold: Hold
  readonly key: number
  /** How much was checked while it grew. */
  at: number
}

const filling: Filling[] = []
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
  if (chance(2) === 0) draft.expect(length)
  if (chance(50) !== 0 && draft.head(`head ${key} ${version}`)) filling.push({ draft, key, version, length, done: 0 })
  else draft.drop()
}

function goOn(i: number): void {
  const one = filling[i]!
  const { draft, key, version } = one
  const n = Math.min(one.length - one.done, 1 + chance(chunk.length))
  for (let k = 0; k < n; k++) chunk[k] = byteAt(key, version, one.done + k)
  const taken = chance(100) !== 0 && draft.append(chunk, 0, n)
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
    if (!ended) return
    growing.delete(one)
    if (hold.whole) check(hold, key, 0)
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
  else if (chance(40) === 0) store.remove(`key ${chance(KEYS)}`)
  else if (chance(20) === 0) store.each((hold) => void hold.key, 20)
  if (Atomics.exchange(board, BOARD.bells + race.me, 0) === 1) store.heard()
}

parentPort?.postMessage('ready')
while (Atomics.load(board, BOARD.stop) === 0) turn()
while (reading.length > 0) release()
while (filling.length > 0) goOn(0)
// Others end what is followed here; each of them rings.
while (growing.size > 0) {
  Atomics.store(board, BOARD.bells + race.me, 0)
  store.heard()
}
parentPort?.postMessage('done')
