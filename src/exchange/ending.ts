/** How an exchange ends, as far as it is known. */
import { type Cause, rowOf } from '../base/cause.ts'
import { lately } from '../base/clock.ts'
import type { Diagnosis } from './record.ts'

/**
 * Where an exchange stands, for the second letter of its end code: R request head, Q queue, C connect, H waiting for the
 * response head, D data, L last bytes to the client.
 */
export type Phase = 'R' | 'Q' | 'C' | 'H' | 'D' | 'L'

export class Ending {
  phase: Phase = 'R'
  /** Status that the client gets; 0: none. */
  status = 0
  /** When the head came from the server that the client gets, ms (monotonic); -1: it came from elsewhere. */
  firstByteAt = -1
  /** null: nothing has gone wrong. */
  cause: Cause | null = null
  diagnosis: Diagnosis | null = null
  /** Id of the incident; null: it is none. */
  incident: string | null = null

  reset(): void {
    this.phase = 'R'
    this.status = 0
    this.firstByteAt = -1
    this.cause = this.diagnosis = this.incident = null
  }

  enter(phase: Phase): void {
    this.phase = phase
  }

  /** The client is sent this status. */
  answer(status: number): void {
    this.status = status
  }

  /** A response head that just came from a server goes to the client. */
  begin(status: number): void {
    this.phase = 'D'
    this.status = status
    this.firstByteAt = lately()
  }

  /** What the client was to be sent has been taken back. */
  takeBack(): void {
    this.status = 0
    this.firstByteAt = -1
  }

  fail(cause: Cause): void {
    this.cause = cause
  }

  /** Why it was refused, or would have been, had there been no stale copy. */
  diagnose(diagnosis: Diagnosis): void {
    this.diagnosis = diagnosis
  }

  makeIncident(id: string): void {
    this.incident = id
  }

  /** Two letters, as in HAProxy's log: the cause's and the phase's; `--` when all went well. */
  get code(): string {
    return this.cause === null ? '--' : rowOf(this.cause).letter + this.phase
  }
}
