/** A pool under two threads at once. The file is also what the threads run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Cause } from '../base/cause.ts'
import type { Config, PoolConfig } from '../config/model.ts'
import { type Permit, QueuedWaiter } from '../gate/gate.ts'
import type { Cell } from '../ledger/cell.ts'
import { createMemory, planLedger } from '../ledger/layout.ts'
import { Ledger } from '../ledger/ledger.ts'
import type { LedgerPlan } from '../ledger/plan.ts'
import { type Candidates, Pool, type ServerRequest } from './pool.ts'
import { type Server, serversOf } from './server.ts'

const THREADS = 2
const POOL_LIMIT = 4
const LIMITS = [1, 2, 3]

interface Shared {
  readonly memory: SharedArrayBuffer
  readonly plan: LedgerPlan
  readonly me: number
}

const config = {
  name: 'shop',
  servers: LIMITS.map((maxConnections, i) => ({
    name: `s${i}`,
    address: { host: '127.0.0.1', port: 80 },
    maxConnections,
    weight: 1,
    backup: false,
  })),
  balance: { policy: 'two-choices' },
  sticky: null,
  maxConnections: POOL_LIMIT,
  queue: { max: 20, timeout: 0 },
  streams: { max: 1, after: 0 },
} as unknown as PoolConfig

/** Adds to a cell that both threads write; the ledger itself is what is tested. */
function add(cell: Cell, n: number): number {
  for (;;) {
    const before = cell.value
    if (cell.swap(before, before + n)) return before + n
  }
}

class Asker extends QueuedWaiter<Server> implements ServerRequest {
  readonly key = 0
  readonly prefer = -1
  readonly tried: number
  readonly told: (w: Asker) => void
  readonly candidates: Candidates
  seat: Permit<Server> | null = null
  constructor(tried: number, candidates: Candidates, told: (w: Asker) => void) {
    super()
    this.candidates = candidates
    this.tried = tried
    this.told = told
  }
  triedServer(index: number): boolean {
    return index === this.tried
  }
  granted(permit: Permit<Server>): void {
    this.seat = permit
    this.told(this)
  }
  refused(_cause: Cause): void {
    this.told(this)
  }
}

async function work({ memory, plan, me }: Shared): Promise<void> {
  const ledger = new Ledger(memory, plan, me)
  ledger.join()
  const pool = new Pool(config, ledger, me)
  const inside = LIMITS.map((_, i) => ledger.cell(`inside:${i}`))
  const inPool = ledger.cell('inside:pool')
  const stop = new AbortController()
  const heard = ledger.listen(() => pool.collect(), stop.signal)
  const seated: Asker[] = []
  const waiting = new Set<Asker>()
  let over = 0

  const sit = (w: Asker): void => {
    waiting.delete(w)
    if (w.seat === null) return
    const { index } = w.seat.of
    if (add(inside[index]!, 1) > LIMITS[index]! || add(inPool, 1) > POOL_LIMIT || index === w.tried) over++
    seated.push(w)
  }
  const rise = (): void => {
    const [w] = seated.splice(Math.floor(Math.random() * seated.length), 1)
    add(inside[w!.seat!.of.index]!, -1)
    add(inPool, -1)
    w!.seat![Symbol.dispose]()
  }
  for (let i = 0; i < 150_000; i++) {
    const chance = Math.random()
    if (chance < 0.5) {
      const w = new Asker(Math.floor(Math.random() * 6), pool.candidates, sit)
      const got = pool.admit(w)
      if (got === null) waiting.add(w)
      else if (typeof got !== 'string') w.granted(got)
    } else if (chance < 0.95) {
      if (seated.length > 0) rise()
    } else if (waiting.size > 0) {
      const [w] = waiting
      waiting.delete(w!)
      if (chance < 0.98) pool.gate.leave(w!)
      else {
        const last = pool.gate.expire(w!)
        if (last !== null) w!.granted(last)
      }
    }
    if (i % 16 === 0) await turn()
  }
  // Nobody asks any more: all who wait have to get their turn.
  while (waiting.size > 0 || seated.length > 0) {
    while (seated.length > 0) rise()
    await turn()
  }
  parentPort!.postMessage(over)
  await new Promise((resolve) => parentPort!.once('message', resolve))
  stop.abort()
  await heard
}

if (!isMainThread) await work(workerData as Shared)
else
  test('two threads never pass a limit of the pool or of a server, forget no waiter and leave nothing taken', {
    timeout: 60_000,
  }, async () => {
    const cells = ['inside:pool', ...LIMITS.map((_, i) => `inside:${i}`)]
    const all = { threads: THREADS, listeners: [], routes: [], pools: [config] } as unknown as Config
    const plan = planLedger(all, { cells })
    const memory = createMemory(plan)
    const workers = Array.from(
      { length: THREADS },
      (_, me) => new Worker(new URL(import.meta.url), { workerData: { memory, plan, me } satisfies Shared }),
    )
    const over = await Promise.all(
      workers.map(
        (worker) =>
          new Promise<number>((resolve, reject) => {
            worker.once('message', resolve)
            worker.once('error', reject)
          }),
      ),
    )
    assert.deepEqual(over, [0, 0])
    const exits = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
    for (const worker of workers) worker.postMessage('done')
    await Promise.all(exits)
    const ledger = new Ledger(memory, plan, -1)
    for (const server of serversOf(config, ledger)) assert.equal(server.slots.used, 0)
    assert.equal(ledger.slots('pool:shop').used, 0)
    assert.equal(ledger.queue('queue:pool:shop').length, 0)
  })
