/**
 * What must hold after every step, whatever comes, goes, times out, changes its limit or dies, in any order: three
 * threads' gates over one memory, played in one thread.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { assertEmpty, Guest, Hut, lay } from '../../test/races/yard.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { LedgerPlan } from '../ledger/plan.ts'
import { older, slackOf } from '../ledger/queue-state.ts'

const THREADS = 3
const STALLS = 2

/** Someone of the model: a guest, and the thread it lives on. */
interface Soul {
  readonly guest: Guest
  thread: number
  state: 'waits' | 'holds' | 'gone'
  /** What it does when granted: keep it, give back at once, or give back and ask again. */
  manner: number
}

type Step =
  | { readonly do: 'come'; readonly thread: number; readonly tried: number; readonly manner: number }
  | { readonly do: 'release' | 'retry' | 'leave' | 'expire'; readonly who: number }
  | { readonly do: 'bell' | 'crash' | 'kick'; readonly thread: number }
  | { readonly do: 'limit'; readonly key: number; readonly to: number }
  | { readonly do: 'open'; readonly stall: number; readonly yes: boolean }

const thread = fc.nat(THREADS - 1)
const who = fc.nat(30)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('come'), thread, tried: fc.constantFrom(0, 0, 0, 1, 2), manner: fc.nat(5) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('release', 'release', 'retry', 'leave', 'expire'), who }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('bell', 'bell', 'bell', 'bell', 'crash', 'kick'), thread }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit'), key: fc.nat(STALLS), to: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('open'), stall: fc.nat(STALLS - 1), yes: fc.boolean() }) },
) as fc.Arbitrary<Step>

class World {
  readonly plan: LedgerPlan
  readonly memory: SharedArrayBuffer
  readonly main: Ledger
  readonly huts: Hut[]
  readonly souls: Soul[] = []
  readonly keys: readonly string[]

  constructor(limits: readonly [number, number, number], line: number) {
    const { plan, memory, main } = lay({ threads: THREADS, pool: limits[0], servers: limits.slice(1), line })
    this.plan = plan
    this.memory = memory
    this.main = main
    this.huts = Array.from({ length: THREADS }, (_, k) => new Hut(memory, plan, k))
    this.keys = ['pool:shop', 'server:shop/s0', 'server:shop/s1']
  }

  run(step: Step): void {
    const before = this.keys.map((key) => this.main.slots(key).used)
    this.#act(step)
    for (const { guest } of this.souls) assert.deepEqual(guest.faults, [])
    for (const [i, key] of this.keys.entries()) {
      const { used, limit } = this.main.slots(key)
      assert.ok(used <= Math.max(limit, before[i]!), `${key}: ${used} in use of ${limit}, before ${before[i]}`)
    }
    this.#count()
  }

  /** Bells are answered until all is quiet. Then nobody may wait for what is free. */
  settle(): void {
    let rounds = 0
    for (let rung = true; rung; rounds++) {
      assert.ok(rounds < 50, 'the threads keep each other awake')
      rung = false
      for (const hut of this.huts) {
        if (!hut.bell()) continue
        rung = true
        this.#refuseStranded(hut)
        this.#count()
      }
    }
    for (const { guest, thread, state } of this.souls) {
      if (state !== 'waits') continue
      const { source } = this.huts[thread]!
      if (!source.pool.open) continue
      const free = source.stalls.find((stall) => stall.open && stall.slots.open && source.for(stall, guest) !== null)
      assert.equal(free, undefined, `number ${guest.arrival} on thread ${thread} was forgotten`)
    }
  }

  end(): void {
    for (const soul of this.souls) this.#part(soul)
    this.settle()
    assertEmpty(this.memory, this.plan)
  }

  #act(step: Step): void {
    if (step.do === 'come') {
      const soul: Soul = { guest: new Guest(), thread: step.thread, state: 'gone', manner: step.manner }
      soul.guest.tried = step.tried
      soul.guest.onGranted = () => this.#granted(soul)
      this.souls.push(soul)
      this.#come(soul)
    } else if (step.do === 'limit') {
      this.main.slots(this.keys[step.key]!).enforce({ value: step.to, voice: 'operator' })
      this.main.ringAll()
    } else if (step.do === 'open') {
      this.huts[0]!.source.stalls[step.stall]!.open = step.yes
      this.main.ringAll()
    } else if ('thread' in step) {
      const hut = this.huts[step.thread]!
      if (step.do === 'kick') hut.gate.admitWaiting()
      else if (step.do === 'crash') this.#crash(step.thread)
      else if (hut.bell()) this.#refuseStranded(hut)
    } else {
      const some = this.souls.filter(({ state }) => state === (step.do.startsWith('re') ? 'holds' : 'waits'))
      if (some.length === 0) return
      const soul = some[step.who % some.length]!
      if (step.do === 'expire') this.#expire(soul)
      else if (step.do === 'retry') soul.guest.tried |= 1 << soul.guest.held!.of.index
      if (step.do !== 'expire') this.#part(soul)
      if (step.do === 'retry') this.#come(soul)
    }
  }

  #crash(thread: number): void {
    for (const soul of this.souls) if (soul.thread === thread) soul.state = 'gone'
    this.main.reclaim(thread)
    this.huts[thread] = new Hut(this.memory, this.plan, thread)
  }

  #expire(soul: Soul): void {
    soul.guest.busy = true
    soul.guest.held = this.huts[soul.thread]!.gate.expire(soul.guest)
    soul.guest.busy = false
    soul.state = soul.guest.held === null ? 'gone' : 'holds'
  }

  #come(soul: Soul): void {
    const { guest } = soul
    soul.state = 'waits'
    guest.busy = true
    const answer = this.huts[soul.thread]!.gate.admit(guest)
    guest.busy = false
    if (answer === null) return
    soul.state = 'gone'
    if (typeof answer === 'string') return
    guest.held = answer
    soul.state = 'holds'
  }

  #granted(soul: Soul): void {
    if (soul.state !== 'waits') soul.guest.faults.push('granted without waiting')
    soul.state = 'holds'
    if (soul.manner > 1) return
    this.#part(soul)
    if (soul.manner === 0) return
    soul.manner = 0
    this.#come(soul)
  }

  /** It goes away, in its own way. */
  #part(soul: Soul): void {
    const { state } = soul
    soul.state = 'gone'
    if (state === 'holds') soul.guest.dispose()
    else if (state === 'waits') this.huts[soul.thread]!.gate.leave(soul.guest)
  }

  #refuseStranded(hut: Hut): void {
    for (let guest = hut.gate.takeUnservable(); guest !== null; guest = hut.gate.takeUnservable()) {
      const soul = this.souls.find((each) => each.guest === guest)!
      assert.equal(soul.state, 'waits')
      soul.state = 'gone'
    }
  }

  /** The ledger's counts are what the permits and waiters alive say, and what is on its way. */
  #count(): void {
    const cells = new Int32Array(this.memory, 0, this.plan.cells)
    const used = new Map<string, number>(this.keys.map((key) => [key, 0]))
    const add = (key: string, n: number): unknown => used.set(key, used.get(key)! + n)
    for (const { guest, state } of this.souls) {
      if (state !== 'holds') continue
      add('pool:shop', 1)
      add(`server:shop/s${guest.held!.of.index}`, 1)
    }
    for (let k = 0; k < THREADS; k++) {
      for (const key of this.keys.slice(1)) {
        const onTheWay = cells[this.plan.row + k * this.plan.rowLength + this.plan.handed + this.plan.slots[key]!]!
        assert.ok(onTheWay >= 0)
        add('pool:shop', onTheWay)
        add(key, onTheWay)
      }
    }
    for (const [key, n] of used) assert.equal(this.main.slots(key).used, n, `${key} used`)
    const waiting = this.souls.filter((soul) => soul.state === 'waits').length
    assert.equal(this.huts[0]!.gate.queue.length, waiting, 'length of the line')
  }
}

test('counts are exact, limits hold, nobody is forgotten and nothing is left, whatever happens', () => {
  const limit = fc.nat(3)
  fc.assert(
    fc.property(
      fc.tuple(limit, limit, limit),
      fc.nat(6),
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.nat(10),
      (limits, line, steps, often) => {
        const world = new World(limits, line)
        for (const [i, each] of steps.entries()) {
          world.run(each)
          if (often > 0 && i % often === 0) world.settle()
        }
        world.settle()
        world.end()
      },
    ),
    { numRuns: 4000 },
  )
})

test('first in, first out over all threads, but for an eighth of those who wait, and exactly among fewer than eight', () => {
  const move = fc.record({ do: fc.constantFrom('come', 'come', 'release', 'bell'), thread, who })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(move, { maxLength: 200, size: 'max' }), (limit, moves) => {
      const { memory, plan } = lay({ threads: THREADS, servers: [limit], line: 1000 })
      const huts = Array.from({ length: THREADS }, (_, k) => new Hut(memory, plan, k))
      const cells = new Int32Array(memory, 0, plan.cells)
      const handed = plan.row + plan.handed + plan.slots['server:shop/s0']!
      const waiting: { readonly guest: Guest; readonly thread: number; overtaken: number; longest: number }[] = []
      const holding: Guest[] = []
      const granted = (guest: Guest): void => {
        waiting.splice(
          waiting.findIndex((each) => each.guest === guest),
          1,
        )
        holding.push(guest)
        for (const other of waiting) {
          if (!older(other.guest.arrival, guest.arrival)) continue
          // One for whom a slot is on its way is as good as served.
          const ahead = waiting.filter((each) => each.thread === other.thread).indexOf(other)
          if (cells[handed + other.thread * plan.rowLength]! > ahead) continue
          other.overtaken++
        }
      }
      for (const { do: what, thread, who } of moves) {
        if (what === 'come') {
          const guest = new Guest()
          guest.onGranted = granted
          const answer = huts[thread]!.gate.admit(guest)
          if (answer === null) waiting.push({ guest, thread, overtaken: 0, longest: 0 })
          else if (typeof answer !== 'string') {
            guest.held = answer
            holding.push(guest)
          }
        } else if (what === 'release') {
          if (holding.length > 0) holding.splice(who % holding.length, 1)[0]!.dispose()
        } else huts[thread]!.bell()
        const { length } = huts[0]!.gate.queue
        for (const each of waiting) {
          const { guest, overtaken } = each
          each.longest = Math.max(each.longest, length)
          assert.ok(overtaken <= slackOf(each.longest), `${guest.arrival}: ${overtaken} of ${each.longest}`)
        }
      }
    }),
    { numRuns: 1000 },
  )
})
