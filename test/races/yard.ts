/** A small ledger to play with: one listener, one pool, and sources, waiters and checks for tests of the gates. */
import assert from 'node:assert/strict'
import type { Cause } from '../../src/base/cause.ts'
import { UNLIMITED } from '../../src/config/model.ts'
import { Gate, type Permit, QueuedWaiter, type Source } from '../../src/gate/gate.ts'
import { SingleSource } from '../../src/gate/single.ts'
import { createMemory, planLedger } from '../../src/ledger/layout.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import type { Limits } from '../../src/ledger/limits.ts'
import { type LedgerPlan, QUEUE, QUEUE_ROW, SLOT, THREAD } from '../../src/ledger/plan.ts'
import { ROW } from '../../src/ledger/queue-state.ts'
import type { Slots } from '../../src/ledger/slots.ts'

export interface Yard {
  readonly threads?: number
  /** Limit of the listener `web` and its line. */
  readonly listener?: number
  readonly listenerLine?: number
  /** Limit of the pool `shop`, of each of its servers, and its line. */
  readonly pool?: number
  readonly servers?: readonly number[]
  readonly line?: number
}

/** The configuration of a yard, as far as it is counted. */
export function limitsOf(yard: Yard): Limits {
  const servers = (yard.servers ?? [1]).map((maxConnections, index) => ({ name: `s${index}`, maxConnections }))
  const max = yard.line ?? 0
  return {
    threads: yard.threads ?? 1,
    listeners: [{ name: 'web', maxConnections: yard.listener ?? UNLIMITED, whenFull: { max: yard.listenerLine ?? 0 } }],
    routes: [],
    pools: [{ name: 'shop', servers, maxConnections: yard.pool ?? UNLIMITED, queue: { max }, streams: { max: 1 } }],
  }
}

/** The shared part of a yard. */
export function lay(yard: Yard): {
  readonly plan: LedgerPlan
  readonly memory: SharedArrayBuffer
  readonly main: Ledger
} {
  const plan = planLedger(limitsOf(yard))
  const memory = createMemory(plan)
  return { plan, memory, main: new Ledger(memory, plan, -1) }
}

/** One server of the yard. */
export class Stall {
  readonly index: number
  readonly slots: Slots
  readonly #admin: { value: number }

  constructor(index: number, ledger: Ledger) {
    this.index = index
    this.slots = ledger.slots(`server:shop/s${index}`)
    this.#admin = ledger.cell(`admin:shop/s${index}`)
  }

  get open(): boolean {
    return this.#admin.value === 0
  }

  set open(yes: boolean) {
    this.#admin.value = yes ? 0 : 1
  }
}

/** Someone who asks for a stall and notes what happens. */
export class Guest extends QueuedWaiter<Stall> {
  /** Bits of the stalls that it has tried. */
  tried = 0
  held: Permit<Stall> | null = null
  /** True while admit, leave or expire of this guest is under way. */
  busy = false
  grants = 0
  /** What went against the rules. */
  readonly faults: string[] = []
  onGranted: ((guest: Guest) => void) | null = null

  granted(permit: Permit<Stall>): void {
    if (this.busy) this.faults.push('granted from inside admit, leave or expire of the same waiter')
    if (this.held !== null) this.faults.push('granted twice')
    this.held = permit
    this.grants++
    this.onGranted?.(this)
  }

  dispose(): void {
    const permit = this.held
    this.held = null
    permit?.[Symbol.dispose]()
  }
}

/** The pool of the yard as a source: the first stall that fits. */
export class Stalls implements Source<Stall, Guest> {
  readonly stalls: readonly Stall[]
  readonly pool: Slots
  contended = false

  constructor(ledger: Ledger) {
    const names = Object.keys(ledger.plan.slots).filter((key) => key.startsWith('server:'))
    this.stalls = names.map((_, index) => new Stall(index, ledger))
    this.pool = ledger.slots('pool:shop')
  }

  pick(w: Guest): Stall | null {
    if (!this.pool.open) return null
    for (const stall of this.stalls) {
      if (!stall.open || this.for(stall, w) === null || !stall.slots.take()) continue
      if (this.pool.take()) return stall
      stall.slots.give()
      this.contended = true
      return null
    }
    return null
  }

  for(s: Stall, w: Guest): Stall | null {
    return (w.tried & this.bit(s)) === 0 ? s : null
  }

  over(s: Stall): boolean {
    return s.slots.over || this.pool.over || !s.open
  }

  free(): boolean {
    return this.pool.open && this.stalls.some((stall) => stall.open && stall.slots.open)
  }

  excluded(w: Guest): number {
    return w.tried
  }

  bit(s: Stall): number {
    return 1 << (s.index & 31)
  }

  unservable(w: Guest): Cause | null {
    return this.stalls.some((stall) => stall.open && this.for(stall, w) !== null) ? null : 'no_server'
  }

  give(s: Stall): void {
    this.pool.give()
    s.slots.give()
  }

  hand(s: Stall, thread: number): boolean {
    return s.slots.hand(thread)
  }

  collect(): Stall | null {
    for (const stall of this.stalls) if (stall.slots.collect()) return stall
    return null
  }
}

/** What one thread has: its view of the ledger and its gate before the pool. */
export class Hut {
  readonly ledger: Ledger
  readonly source: Stalls
  readonly gate: Gate<Stall, Guest>

  constructor(memory: SharedArrayBuffer, plan: LedgerPlan, me: number) {
    this.ledger = new Ledger(memory, plan, me)
    this.ledger.join()
    this.source = new Stalls(this.ledger)
    this.gate = new Gate(this.source, this.ledger.queue('queue:pool:shop'), {
      full: 'pool_full',
      queueFull: 'queue_full',
    })
  }

  /** Answers the bell, as the worker does. True when it had rung. */
  bell(): boolean {
    if (!this.ledger.takeRing()) return false
    this.gate.collect()
    return true
  }
}

/** A gate before the listener of the yard. */
export function listenerGate(ledger: Ledger): Gate<Slots> {
  const line = ledger.queue('queue:listener:web')
  return new Gate(new SingleSource(ledger.slots('listener:web')), line, {
    full: 'listener_full',
    queueFull: 'queue_full',
  })
}

/** Nothing is in use, nobody waits, nothing is on its way: every such cell is exactly zero. */
export function assertEmpty(memory: SharedArrayBuffer, plan: LedgerPlan): void {
  const cells = new Int32Array(memory, 0, plan.cells)
  const left: string[] = []
  const zero = (what: string, at: number): void => {
    if (cells[at] !== 0) left.push(`${what} is ${cells[at]}`)
  }
  for (const [key, slot] of Object.entries(plan.slots)) {
    zero(`${key} used`, plan.at[key]! + SLOT.used)
    for (let k = 0; k < plan.rows; k++) {
      zero(`${key} held by ${k}`, plan.row + k * plan.rowLength + THREAD.held + slot)
      zero(`${key} handed to ${k}`, plan.row + k * plan.rowLength + plan.handed + slot)
    }
  }
  for (const key of Object.keys(plan.queues)) {
    const at = plan.at[key]!
    zero(`${key} length`, at + QUEUE.length)
    for (let k = 0; k < plan.rows; k++) {
      for (const [name, cell] of Object.entries(ROW)) {
        if (name !== 'called') zero(`${key} ${name} of ${k}`, at + QUEUE.rows + k * QUEUE_ROW + cell)
      }
    }
  }
  assert.deepEqual(left, [])
}
