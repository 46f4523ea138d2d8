/** Who asks a gate for something, and may have to wait for it. */
import type { Permit } from './permit.ts'

/** Where a waiter stands: in no line, among those that take anything, among those that avoid something, or served but not told. */
export const Standing = { nowhere: 0, plain: 1, choosy: 2, served: 3 } as const
export type Standing = (typeof Standing)[keyof typeof Standing]

/** At one gate at a time. The fields are the gate's, but for `arrival`, which is set to 0 when the waiter is used anew. */
export interface Waiter<S> {
  /** Its number in the order of arrival: 0 until first admitted or lined up. Kept, so that who comes again keeps its place. */
  arrival: number
  next: Waiter<S> | null
  prev: Waiter<S> | null
  standing: Standing
  /** What it was served, until it is told. */
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
