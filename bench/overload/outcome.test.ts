import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf, pagesOf, type Requests, recoveryOf } from './outcome.ts'

interface Answer {
  readonly status: number
  /** Latency in ms. */
  readonly after: number
}

const good: Answer = { status: 200, after: 20 }

/** Three phases of 4 s with a request every 10 ms; what happens to each is said by a function. */
function requestsOf(answer: (phase: number, i: number) => Answer | null): Requests {
  const each = 400
  const due = Float64Array.from({ length: 3 * each }, (_, i) => 1000 + 10 * i)
  const ended = new Float64Array(due.length)
  const status = new Uint16Array(due.length)
  for (const [i, at] of due.entries()) {
    const came = answer(Math.floor(i / each), i % each)
    if (came === null) continue
    ended[i] = at + came.after
    status[i] = came.status
  }
  const page = Uint8Array.from(due, (_, i) => (i >= each && i % 5 === 0 ? 1 : 0))
  return { due, ended, status, starts: [0, each, 2 * each, 3 * each], page }
}

test('when all is well, goodput is what was offered', () => {
  const { offered, goodput, refused, lost, p50, p99 } = outcomeOf(
    requestsOf(() => good),
    1,
  )
  assert.deepEqual(
    { offered, goodput, refused, lost, p50, p99 },
    { offered: 100, goodput: 100, refused: 0, lost: 0, p50: 20, p99: 20 },
  )
})

test('refused and lost requests are told apart, and are no goodput', () => {
  const requests = requestsOf((_, i) => [good, { status: 503, after: 2 }, null, good][i % 4]!)
  const outcome = outcomeOf(requests, 1)
  assert.equal(outcome.goodput, 50)
  assert.equal(outcome.refused, 25)
  assert.equal(outcome.lost, 25)
  assert.equal(outcome.refusedP99, 2)
  assert.equal(outcome.p99, 20)
})

test('an answer counts when it comes, and is as late as it was due', () => {
  // All answers to the storm come 3 s late: those of its last 3 s come when it is over.
  const outcome = outcomeOf(
    requestsOf((phase) => (phase === 1 ? { status: 200, after: 3000 } : good)),
    1,
  )
  assert.equal(Math.round(outcome.goodput), 33)
  assert.equal(outcome.p50, 3000)
})

test('recovery is the time until nothing is refused or slow any more', () => {
  assert.equal(
    recoveryOf(
      requestsOf(() => good),
      2,
    ),
    0,
  )
  const slow = requestsOf((phase, i) => (phase === 2 && i <= 50 ? { status: 200, after: 300 } : good))
  assert.equal(recoveryOf(slow, 2), 0.5)
  const refusing = requestsOf((phase, i) => (phase === 2 && i <= 100 ? { status: 503, after: 1 } : good))
  assert.equal(recoveryOf(refusing, 2), 1)
})

test('a storm that is not got over is not', () => {
  const broken = requestsOf((phase, i) => (phase === 2 && i % 5 === 0 ? null : good))
  assert.equal(recoveryOf(broken, 2), null)
})

test('those who ask for stored pages are counted by themselves', () => {
  const refusing = requestsOf((_, i) => (i % 5 === 0 ? { status: 200, after: 3 } : { status: 503, after: 1 }))
  assert.deepEqual(pagesOf(refusing, 1), { asked: 80, refused: 0, lost: 0, p99: 3 })
  const some = requestsOf((_, i) => [{ status: 503, after: 1 }, null, good, good][(i / 5) % 4] ?? null)
  assert.deepEqual(pagesOf(some, 1), { asked: 80, refused: 20, lost: 20, p99: 20 })
})
