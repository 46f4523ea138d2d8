import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heed, REPEATS, statusOf } from './signals.ts'

/** Says a signal to this process without a signal: the handlers are the same. */
const say = (signal: NodeJS.Signals): void => void process.emit(signal, signal)

test('the first signal stops, what follows within a second is the same wish, and a later one ends at once', () => {
  for (const [first, second] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const) {
    const told: string[] = []
    let now = 5
    using _heeded = heed(
      { stop: (signal) => told.push(`stop ${signal}`), now: (signal) => told.push(`now ${signal}`) },
      () => now,
    )
    say(first)
    for (const later of [0, 1, 500, REPEATS - 1]) {
      now = 5 + later
      say(second)
    }
    assert.deepEqual(told, [`stop ${first}`])
    now = 5 + REPEATS
    say(second)
    assert.deepEqual(told, [`stop ${first}`, `now ${second}`])
  }
})

test('SIGHUP stops where nothing can be reloaded, and else reloads', () => {
  const told: string[] = []
  {
    using _heeded = heed({ stop: () => told.push('stop') })
    say('SIGHUP')
  }
  using _heeded = heed({ stop: () => told.push('stop'), reload: () => told.push('reload') })
  say('SIGHUP')
  assert.deepEqual(told, ['stop', 'reload'])
})

test('nothing is heeded any more after the end', () => {
  const count = (): number[] =>
    (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const).map((s) => process.listenerCount(s))
  const before = count()
  {
    using _heeded = heed({ stop: () => {}, reopen: () => {} })
    assert.notDeepEqual(count(), before)
  }
  assert.deepEqual(count(), before)
})

test('the exit status of a signal is 128 and its number', () => {
  assert.equal(statusOf('SIGINT'), 130)
  assert.equal(statusOf('SIGTERM'), 143)
})
