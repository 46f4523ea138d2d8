/** Waiting for what nobody tells of, such as a number in the ledger, and looking whether anything is still held. */
import { incidentId } from '../../src/exchange/answer/incident-id.ts'
import type { Headgate, Usage } from '../../src/run/supervisor.ts'
import type { Answered } from './client.ts'

/** Looks every 2 ms until `holds`; rejects after `within` ms with what `seen` says then. */
export async function until(holds: () => boolean, seen: () => unknown = () => '', within = 5000): Promise<void> {
  const end = performance.now() + within
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it did not come to it within ${within} ms: ${JSON.stringify(seen())}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** An id that no incident has. */
const NO_INCIDENT = incidentId(0)

/**
 * Resolves when so many requests have begun, and each has come as far as it can by itself: a thread answers a question
 * only when it is done with what it was at.
 */
export async function requestsBegun(gate: Headgate, count: number): Promise<void> {
  await until(
    () => gate.usage().requests === count,
    () => gate.usage().requests,
  )
  await gate.incident(NO_INCIDENT)
}

/** A bounded wait for a test that shows that something does NOT happen. */
export function meanwhile(ms = 100): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Everything that is held right now, in words; empty when nothing is. */
export function held(usage: Usage): string[] {
  const all: string[] = []
  const see = (what: string, n: number): void => {
    if (n !== 0) all.push(`${what}: ${n}`)
  }
  for (const { name, inUse, waiting } of [...usage.listeners, ...usage.routes]) {
    see(name, inUse)
    see(`line of ${name}`, waiting)
  }
  for (const { name, inUse, waiting, streams, servers } of usage.pools) {
    see(name, inUse)
    see(`line of ${name}`, waiting)
    see(`streams of ${name}`, streams.inUse)
    for (const server of servers) see(server.name, server.inUse)
  }
  return all
}

/** Resolves when nothing is held any more: no connection, slot, stream or place in a line. */
export function settled(gate: Headgate, within = 5000): Promise<void> {
  return until(
    () => held(gate.usage()).length === 0,
    () => held(gate.usage()),
    within,
  )
}

/** Status and cause of an answer of Headgate's own, as `503 pool_full`; of any other answer the status alone. */
export function verdictOf(answer: Answered): string {
  const cause = /details="(\w+)/.exec(answer.field('proxy-status') ?? '')?.[1]
  return cause === undefined ? String(answer.status) : `${answer.status} ${cause}`
}

/** How often each value occurs. */
export function tally(values: Iterable<string | number>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
