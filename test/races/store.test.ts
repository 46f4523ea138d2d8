import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createStoreMemory, type StoreMemory } from '../../src/store/memory.ts'
import { Store } from '../../src/store/store.ts'
import { planStore } from '../../src/store/store-plan.ts'
import { audit } from './audit.ts'
import { BOARD, type StoreRace } from './board.ts'

const THREADS = 3

/** A store so small that something is always evicted, and threads that race in it. */
class Arena {
  readonly memory: StoreMemory
  readonly board = new Int32Array(new SharedArrayBuffer(128))
  readonly main: Store
  readonly #workers: (Worker | undefined)[] = []

  constructor(shards: number) {
    this.memory = createStoreMemory(planStore({ bytes: shards << 19, threads: THREADS, shards, pins: 64 }))
    this.main = new Store(this.memory, THREADS, (thread) => Atomics.store(this.board, BOARD.bells + thread, 1))
  }

  async start(me: number): Promise<void> {
    const board = this.board.buffer as SharedArrayBuffer
    const workerData: StoreRace = { memory: this.memory, me, board, seed: (Math.random() * 2 ** 31) | 1 }
    const worker = new Worker(new URL('./store-racer.ts', import.meta.url), { workerData })
    this.#workers[me] = worker
    await once(worker, 'message')
  }

  async kill(me: number): Promise<void> {
    await this.#workers[me]!.terminate()
    this.main.reclaim(me)
  }

  /** Stops all and checks that nothing is left over. */
  async end(): Promise<void> {
    Atomics.store(this.board, BOARD.stop, 1)
    await Promise.all(this.#workers.map((worker) => once(worker!, 'exit')))
    this.main.heard()
    assert.equal(this.board[BOARD.faults], 0, 'bodies that were not as they were filled')
    assert.equal(audit(this.memory), this.main.usage().objects, 'nothing is pinned or busy any more')
    while (!this.main.each((hold) => void this.main.removeHeld(hold), 10_000));
    const { objects, bytes } = this.main.usage()
    assert.deepEqual({ objects, bytes }, { objects: 0, bytes: 0 })
  }
}

for (const shards of [1, 2]) {
  test(`threads that fill, read and remove the same few objects in ${shards} shards never see a wrong byte`, {
    timeout: 60_000,
  }, async (t) => {
    const arena = new Arena(shards)
    await Promise.all(Array.from({ length: THREADS }, (_, me) => arena.start(me)))
    await sleep(1500)
    await arena.end()
    const { board } = arena
    const { evicted, resets } = arena.main.usage()
    t.diagnostic(
      `${board[BOARD.filled]} filled, ${board[BOARD.read]} read, ${board[BOARD.grown]} joined, ${board[BOARD.passed]} passed by, ${evicted} evicted`,
    )
    assert.ok(Math.min(board[BOARD.filled]!, board[BOARD.read]!, board[BOARD.grown]!, evicted) > 50)
    assert.ok(board[BOARD.passed]! > 5)
    assert.equal(resets, 0)
  })
}

test('threads killed at any moment leave a store that is consistent and whose every byte is accounted for', {
  timeout: 60_000,
}, async (t) => {
  const arena = new Arena(1)
  await Promise.all(Array.from({ length: THREADS }, (_, me) => arena.start(me)))
  const end = performance.now() + 4_000
  let kills = 0
  await Promise.all(
    Array.from({ length: THREADS }, async (_, me) => {
      while (performance.now() < end) {
        await sleep(Math.random() ** 3 * 60) // most while their code is cold, some when it is hot
        await arena.kill(me)
        kills++
        await arena.start(me)
      }
    }),
  )
  await arena.end()
  const { board } = arena
  const { resets } = arena.main.usage()
  t.diagnostic(`${kills} killed, ${resets} inside a lock, ${board[BOARD.filled]} filled, ${board[BOARD.read]} read`)
  assert.ok(kills > 10, `${kills} killed`)
})
