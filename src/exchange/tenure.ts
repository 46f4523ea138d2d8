/**
 * For how long a slot is held. It costs a request two stores; only one that holds its slot for some seconds, or becomes a
 * stream, enters the occupants of its pool.
 */
import type { OccupantKind } from '../ledger/occupancy.ts'
import type { Occupant, OccupantOf, Occupants } from './occupants.ts'

/**
 * From when on a slot counts as held for long, in ms. As long as a request waits in a queue by default: when such a
 * wait is over in vain, what has held the slots all the while can be named.
 */
export const LONG = 2000

export class Tenure {
  /** When it will have lasted for long, ms (monotonic); 0: that is not awaited. */
  longAt = 0
  #occupant: Occupant | null = null

  /** A slot was taken at `now`. */
  begin(now: number): void {
    this.longAt = now + LONG
  }

  /** It has lasted for long at `now`. */
  lasts(kind: OccupantKind, occupants: Occupants, of: OccupantOf, now: number): void {
    const ago = now - this.longAt + LONG
    this.longAt = 0
    this.#occupant ??= occupants.enter(kind, of, ago)
  }

  /** It holds no slot any more that could be held for long. */
  ignore(): void {
    this.longAt = 0
  }

  /** The server has answered, though late. */
  answered(): void {
    if (this.#occupant?.kind === 'waiting') this.#occupant.become('answer')
  }

  /** It is a stream, and holds no slot any more. */
  becomeStream(occupants: Occupants, of: OccupantOf): void {
    this.end()
    this.#occupant = occupants.enter('stream', of, 0)
  }

  /** It is a stream by nature, and has to keep its slot. */
  keep(occupants: Occupants, of: OccupantOf): void {
    if (this.#occupant === null) this.#occupant = occupants.enter('kept', of, 0)
    else this.#occupant.become('kept')
  }

  /** Goes on with what another began. */
  takeFrom(other: Tenure): void {
    this.longAt = other.longAt
    this.#occupant = other.#occupant
    other.longAt = 0
    other.#occupant = null
  }

  /** The slot, or the place among the streams, was given back. */
  end(): void {
    this.longAt = 0
    const occupant = this.#occupant
    if (occupant === null) return
    this.#occupant = null
    occupant.end()
  }
}
