/** Whether something came when it should: not early, and hardly late. */
import assert from 'node:assert/strict'
import { availableParallelism, loadavg } from 'node:os'

/** How late a timeout may come, in ms; more where others want the machine too. */
const LATE = 150
const LATE_WHEN_BUSY = 1000

function allowance(): number {
  const [load = 0] = loadavg()
  return load > availableParallelism() ? LATE_WHEN_BUSY : LATE
}

/**
 * Runs `story`, which has to take `ms` and no less, and at most a little more. Beside it runs a timer of the same time:
 * by as much as the machine keeps that waiting, the story may be later too.
 */
export async function takes<T>(ms: number, story: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const { promise: beside, resolve } = Promise.withResolvers<number>()
  setTimeout(() => resolve(performance.now() - began), ms)
  const result = await story()
  const took = performance.now() - began
  assert.ok(took >= ms - 1, `it took ${took.toFixed(1)} ms, earlier than ${ms}`)
  const bound = Math.max(ms, await beside) + allowance()
  assert.ok(took <= bound, `it took ${took.toFixed(1)} ms, much later than ${ms}`)
  return result
}
