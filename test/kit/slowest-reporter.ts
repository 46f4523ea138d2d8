/** A reporter for node:test that ends the run with its ten slowest tests, so that a suite that grows slow shows where. */
import type { TestEvent } from 'node:test/reporters'

/** How many are shown. */
const SHOWN = 10

interface Timed {
  readonly name: string
  /** ms */
  readonly duration: number
}

/** Yields text for the end of the run; nothing where no test ran. */
export default async function* slowest(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const all: Timed[] = []
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { name, details } = data
    if (details.type === 'suite') continue
    all.push({ name, duration: details.duration_ms })
  }
  const shown = all.sort((a, b) => b.duration - a.duration).slice(0, SHOWN)
  if (shown.length === 0) return
  yield '\nthe slowest tests\n'
  for (const { name, duration } of shown) yield `${(duration / 1000).toFixed(1).padStart(7)} s  ${name}\n`
}
