import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heed, statusOf } from './signals.ts'

/** Says a signal to this process without a signal: the handlers are the same. */
const say = (signal: NodeJS.Signals): void => void process.emit(signal, signal)

test('the first signal stops and the second ends at once', () => {
  const told: string[] = []
  using _heeded = heed({ stop: (signal) => told.push(`stop ${signal}`), now: (signal) => told.push(`now ${signal}`) })
  say('SIGTERM')
  say('SIGINT')
  assert.deepEqual(told, ['stop SIGTERM', 'now SIGINT'])
})

test('one press of Ctrl-C that comes in three times is one stop', () => {
  const told: string[] = []
  using _heeded = heed({ stop: () => told.push('stop'), now: () => told.push('now') })
  say('SIGINT')
  say('SIGINT')
  say('SIGINT')
  assert.deepEqual(told, ['stop'])
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
