/** One of the threads that race in the tests beside; which race it runs is in its worker data. */
import { parentPort, workerData } from 'node:worker_threads'
import { Ledger } from '../../src/ledger/ledger.ts'
import type { LedgerPlan } from '../../src/ledger/plan.ts'
import { Witness } from './witness.ts'
import { Guest, Hut } from './yard.ts'

export interface Race {
  readonly memory: SharedArrayBuffer
  readonly plan: LedgerPlan
  readonly me: number
  readonly witness: SharedArrayBuffer
  readonly kind: 'take' | 'toss' | 'queue' | 'churn'
  /** Most that may be inside at once. */
  readonly limit: number
  /** How much is done, where the race ends by itself. */
  readonly rounds: number
  readonly seed: number
}

const race = workerData as Race
const { me, limit, rounds } = race
const witness = new Witness(race.witness, me)

/** xorshift: quick, and the same for the same seed. */
let state = race.seed | 1
function chance(n: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % n
}

/** Takes and gives one limit, as fast as it can. */
function take(): void {
  const ledger = new Ledger(race.memory, race.plan, me)
  ledger.join()
  const slots = ledger.slots('server:shop/s0')
  for (let i = 0; i < rounds; i++) {
    if (!slots.take()) continue
    witness.enter(limit)
    witness.exit()
    slots.give()
  }
}

/** Takes, gives, throws to others and catches, until told to stop or killed. */
function toss(): void {
  const ledger = new Ledger(race.memory, race.plan, me)
  ledger.join()
  const slots = ledger.slots('server:shop/s0')
  const pool = ledger.slots('pool:shop')
  const { threads } = race.plan
  let held = 0
  let heeded = false
  for (;;) {
    const { stop } = witness
    if (stop && !heeded) {
      heeded = true
      witness.heed()
    }
    for (; slots.collect(); held++) witness.enter(limit)
    if (!stop && slots.take()) {
      if (pool.take()) {
        held++
        witness.enter(limit)
      } else slots.give()
    }
    if (held > 0) {
      held--
      witness.exit()
      const to = chance(threads)
      if (to !== me && !stop && slots.hand(to)) continue
      slots.give()
      pool.give()
      // Who has not seen it may still throw something here, which nobody would catch.
    } else if (stop && witness.heeded === threads && slots.used === 0) return
  }
}

/** Guests that come, wait, go, and come again. `turn` acts once on each of them. */
class Crowd {
  readonly hut = new Hut(race.memory, race.plan, me)
  readonly guests = Array.from({ length: 8 }, () => new Guest())
  readonly waiting = new Set<Guest>()
  /** How many were let in or lined up. */
  came = 0

  #called = Promise.withResolvers<void>()

  constructor() {
    for (const guest of this.guests) {
      guest.onGranted = () => {
        this.#called.resolve()
        if (!this.waiting.delete(guest)) throw new Error('granted without waiting')
        witness.enter(limit)
        if (chance(4) === 0) this.#dispose(guest)
      }
    }
  }

  turn(coming: boolean): void {
    for (const guest of this.guests) {
      if (guest.held !== null) {
        if (chance(3) === 0) this.#dispose(guest)
      } else if (!this.waiting.has(guest)) {
        if (coming) this.#come(guest)
      } else if (coming && chance(100) === 0) this.#giveUp(guest)
    }
  }

  /** Resolves when there may be something to do: at once, or when one of a crowd that all wait is let in. */
  async pause(): Promise<void> {
    if (this.waiting.size < this.guests.length) return new Promise((resolve) => setImmediate(resolve))
    this.#called = Promise.withResolvers()
    await this.#called.promise
  }

  get idle(): boolean {
    return this.waiting.size === 0 && this.guests.every((guest) => guest.held === null)
  }

  #come(guest: Guest): void {
    // Most can use anything; some have tried a stall before, and some of those keep the place they had.
    guest.tried = chance(4) === 0 ? 1 + chance(2) : 0
    if (chance(4) !== 0) guest.arrival = 0
    this.waiting.add(guest)
    const answer = this.hut.gate.admit(guest)
    if (typeof answer !== 'string') this.came++
    if (answer === null) return
    this.waiting.delete(guest)
    if (typeof answer === 'string') return
    guest.held = answer
    witness.enter(limit)
  }

  #giveUp(guest: Guest): void {
    this.waiting.delete(guest)
    if (chance(2) === 0) this.hut.gate.leave(guest)
    else guest.held = this.hut.gate.expire(guest)
    if (guest.held !== null) witness.enter(limit)
  }

  #dispose(guest: Guest): void {
    witness.exit()
    guest.dispose()
  }
}

/** A crowd on an event loop, woken by the bell as a real worker is. */
async function queue(): Promise<void> {
  const crowd = new Crowd()
  const stop = new AbortController()
  // Waiting for it also keeps the event loop alive, which the bell does not.
  const end = new Promise<void>((resolve) => parentPort?.once('message', () => resolve()))
  const listening = crowd.hut.ledger.listen(() => crowd.hut.gate.collect(), stop.signal)
  while (crowd.came < rounds || !crowd.idle) {
    crowd.turn(crowd.came < rounds)
    await crowd.pause()
  }
  // The others may still leave slots here: an idle thread goes on listening until all are done.
  parentPort?.postMessage('idle')
  await end
  stop.abort()
  await listening
}

/** A crowd that never rests, so that it is killed in the middle of things. */
function churn(): void {
  const crowd = new Crowd()
  while (!witness.stop || !crowd.idle) {
    crowd.turn(!witness.stop)
    crowd.hut.bell()
  }
  // What was on its way when the last of us left is passed on.
  crowd.hut.bell()
}

const races = { take, toss, queue, churn }
parentPort?.postMessage('ready')
witness.wait()
await races[race.kind]()
parentPort?.postMessage('done')
