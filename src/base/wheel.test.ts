import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { monotonic } from './clock.ts'
import { Timer, Wheel } from './wheel.ts'

const TICK = 8

/** A wheel whose time is what the test says. */
function still(from = 0): { wheel: Wheel; at: (now: number) => void; errors: unknown[]; now: () => number } {
  const errors: unknown[] = []
  let now = from
  const wheel = new Wheel({ onError: (error) => errors.push(error), now: () => now, runs: false })
  const at = (next: number): void => {
    now = next
    wheel.advance(now)
  }
  return { wheel, at, errors, now: () => now }
}

type Act = { kind: 'arm'; who: number; after: number } | { kind: 'disarm'; who: number } | { kind: 'pass'; ms: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('arm' as const),
      who: fc.nat(9),
      after: fc.oneof(fc.integer({ min: -50, max: 300 }), fc.integer({ min: -50, max: 30_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disarm' as const), who: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.nat(40), fc.nat(20_000)) }) },
)

test('the wheel fires what a sorted list would fire: never early, at most a tick late, in the order of ticks', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.integer({ min: 0, max: 100_000 }), (acts, from) => {
      const { wheel, at, now } = still(from)
      const fired: number[] = []
      const timers = Array.from({ length: 10 }, (_, i) => new Timer(i, (who) => fired.push(who)))
      // The model: the tick at which each armed timer has to fire.
      const due = new Map<number, number>()
      let seen = Math.floor(from / TICK)
      for (const a of acts) {
        if (a.kind === 'arm') {
          const deadline = now() + a.after
          wheel.arm(timers[a.who]!, deadline)
          due.set(a.who, Math.max(Math.ceil(deadline / TICK), seen + 1))
        } else if (a.kind === 'disarm') {
          wheel.disarm(timers[a.who]!)
          due.delete(a.who)
        } else {
          fired.length = 0
          at(now() + a.ms)
          seen = Math.floor(now() / TICK)
          const expected = [...due].filter(([, tick]) => tick <= seen)
          assert.deepEqual([...fired].sort(), expected.map(([who]) => who).sort())
          const ticks = fired.map((who) => due.get(who)!)
          assert.deepEqual(
            ticks,
            [...ticks].sort((x, y) => x - y),
          )
          for (const [who] of expected) due.delete(who)
        }
        assert.equal(wheel.armed, due.size)
        for (const [who, timer] of timers.entries()) assert.equal(timer.armed, due.has(who))
      }
    }),
    { numRuns: 400 },
  )
})

test('a deadline on the edge of a tick fires in that tick and not before', () => {
  const { wheel, at } = still(0)
  const fired: string[] = []
  const timer = new Timer('a', (name) => fired.push(name))
  wheel.arm(timer, 80)
  at(79.999)
  assert.deepEqual(fired, [])
  at(80)
  assert.deepEqual(fired, ['a'])
})

test('a function that is called may arm and disarm its own timer and any other, of the same tick too', () => {
  const { wheel, at } = still(0)
  const log: string[] = []
  const timers: Timer<string>[] = []
  const fire = (name: string): void => {
    log.push(name)
    if (name === 'a') {
      wheel.disarm(timers[1]!) // b was due in this very tick
      wheel.arm(timers[2]!, 500) // c too, and is put off
      wheel.arm(timers[0]!, 0) // itself, for a time that has passed
      wheel.arm(timers[3]!, 100) // d was far away
    }
  }
  for (const name of ['a', 'b', 'c', 'd']) timers.push(new Timer(name, fire))
  wheel.arm(timers[0]!, 16)
  wheel.arm(timers[1]!, 16)
  wheel.arm(timers[2]!, 16)
  wheel.arm(timers[3]!, 90_000)
  at(16)
  assert.deepEqual(log, ['a'])
  wheel.disarm(timers[0]!)
  at(104)
  assert.deepEqual(log, ['a', 'd'])
  at(504)
  assert.deepEqual(log, ['a', 'd', 'c'])
  assert.equal(wheel.armed, 0)
})

test('an error in one function is reported and does not keep the others from firing', () => {
  const { wheel, at, errors } = still(0)
  const fired: string[] = []
  const fire = (name: string): void => {
    if (name === 'bad') throw new Error('oops')
    fired.push(name)
  }
  for (const name of ['one', 'bad', 'two']) wheel.arm(new Timer(name, fire), 10)
  at(16)
  assert.deepEqual(fired, ['one', 'two'])
  assert.deepEqual(
    errors.map((error) => (error as Error).message),
    ['oops'],
  )
})

test('after the thread was busy for a long while all that is due fires in the order of its deadlines', () => {
  const { wheel, at } = still(0)
  const fired: number[] = []
  const deadlines = [25_000, 40, 9_000, 17_000, 400, 8_232]
  for (const deadline of deadlines) wheel.arm(new Timer(deadline, (d) => fired.push(d)), deadline)
  at(60_000)
  assert.deepEqual(
    fired,
    [...deadlines].sort((a, b) => a - b),
  )
})

test('a hundred thousand timers are armed, moved and called off in little time', () => {
  const { wheel, at } = still(0)
  let fired = 0
  const timers = Array.from({ length: 100_000 }, () => new Timer(null, () => fired++))
  const begin = monotonic()
  for (let i = 0; i < timers.length; i++) wheel.arm(timers[i]!, 1000 + (i % 60_000))
  for (let round = 0; round < 5; round++) for (const timer of timers) wheel.arm(timer, timer.at + 1)
  for (let i = 0; i < timers.length; i += 2) wheel.disarm(timers[i]!)
  const took = monotonic() - begin
  assert.ok(took < 1000, `${took} ms`)
  at(100_000)
  assert.equal(fired, 50_000)
  assert.equal(wheel.armed, 0)
})

test('the wheel turns by itself while anything is armed, and wakes earlier for a nearer deadline', async () => {
  const errors: unknown[] = []
  const wheel = new Wheel({ onError: (error) => errors.push(error), hold: true })
  const begin = monotonic()
  const order: number[] = []
  await new Promise<void>((done) => {
    const fire = (ms: number): void => {
      assert.ok(monotonic() - begin >= ms, `${ms} fired after ${monotonic() - begin} ms`)
      order.push(ms)
      if (ms === 60) done()
    }
    // The far one first: the nearer ones have to wake the wheel earlier than it had planned.
    for (const ms of [60, 5, 30]) wheel.arm(new Timer(ms, fire), begin + ms)
  })
  assert.deepEqual(order, [5, 30, 60])
  assert.deepEqual(errors, [])
})

test('an armed timer keeps the process alive only when the wheel was told to hold it', async () => {
  const program = (hold: boolean): string => `
    import { Timer, Wheel } from ${JSON.stringify(new URL('./wheel.ts', import.meta.url).href)}
    const wheel = new Wheel({ onError: console.error, hold: ${hold} })
    wheel.arm(new Timer(null, () => console.log('fired')), performance.now() + ${hold ? 20 : 60_000})
    const other = new Timer(null, () => {})
    wheel.arm(other, performance.now() + 60_000)
    wheel.disarm(other)`
  const run = async (hold: boolean): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program(hold)])).stdout.trim()
  assert.deepEqual(await Promise.all([run(false), run(true)]), ['', 'fired'])
})
