/** A request to a gate, which may have to wait for what it asks. */
import type { Permit } from './permit.ts'

/** Where a waiter stands: in no queue, among those that take anything, among those that exclude something, or served but not notified. */
export const Standing = { nowhere: 0, unconstrained: 1, constrained: 2, served: 3 } as const
export type Standing = (typeof Standing)[keyof typeof Standing]

/** At one gate at a time. Only the gate writes the fields, but for `arrival`, which is set to 0 when the waiter is used anew. */
export interface Waiter<S> {
  /** Its number in the order of arrival: 0 until first admitted or queued. Kept, so that a waiter that asks again keeps its place. */
  arrival: number
  next: Waiter<S> | null
  prev: Waiter<S> | null
  standing: Standing
  /** What it was served, until it is notified. */
  permit: Permit<S> | null
  /** Its turn came. Never called from inside admit, leave or expire of the same waiter. Must not throw. */
  granted(permit: Permit<S>): void
}

/** A waiter's fields as they begin, to be inherited. */
export abstract class QueuedWaiter<S> implements Waiter<S> {
  arrival = 0
  next: Waiter<S> | null = null
  prev: Waiter<S> | null = null
  standing: Standing = Standing.nowhere
  permit: Permit<S> | null = null
  abstract granted(permit: Permit<S>): void
}
