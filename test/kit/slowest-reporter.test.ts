import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import slowest from './slowest-reporter.ts'

async function* run(durations: readonly number[]): AsyncGenerator<TestEvent> {
  for (const [i, duration_ms] of durations.entries()) {
    yield { type: 'test:pass', data: { name: `test ${i}`, details: { duration_ms } } } as TestEvent
  }
}

async function linesOf(durations: readonly number[]): Promise<string[]> {
  const lines: string[] = []
  for await (const line of slowest(run(durations))) lines.push(line)
  return lines
}

test('the ten slowest tests are shown, the slowest first', async () => {
  const lines = await linesOf([100, 3000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  assert.deepEqual(lines.slice(1, 3), ['    3.0 s  test 1\n', '    0.1 s  test 0\n'])
  assert.equal(lines.length, 11)
})

test('a run without tests shows nothing', async () => {
  assert.deepEqual(await linesOf([]), [])
})
