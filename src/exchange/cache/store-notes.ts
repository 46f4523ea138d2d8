/** Why the last answers of servers were stored or not, by primary key, for operators. Of one thread, bounded. */
import { isOf, passedBy, type StoreDecision } from '../../cache/object/reasons.ts'
import { type Note, RefreshResults } from './refresh-results.ts'

export type { Note } from './refresh-results.ts'

/** What passed the cache by. */
export interface PassNote extends Note {
  /** How often, as far as it is remembered. */
  readonly count: number
}

/** All that is noted of some keys; null: nothing. */
export interface Noted {
  /** The last answer of a server that was looked at, or the last failure to get one. */
  readonly answer: Note | null
  /** The last request that took nothing from the cache and left nothing in it. */
  readonly passed: PassNote | null
}

/** Notes of each kind. */
const MOST = 1000

export class StoreNotes {
  readonly refreshes = new RefreshResults()
  readonly #answers = new Map<string, Note>()
  // Apart, so that one visitor with a session neither hides nor displaces what was said of the answer to all others.
  readonly #passes = new Map<string, PassNote>()

  /** Notes why an answer for this key was stored or not; see Reason. `at`: ms since the epoch. '' is no key, and notes nothing. */
  note(key: string, reason: StoreDecision, at: number, status = 0): void {
    if (key === '') return
    const note = { at, reason, status }
    if (isOf(passedBy, reason)) put(this.#passes, key, { ...note, count: (this.#passes.get(key)?.count ?? 0) + 1 })
    else {
      put(this.#answers, key, note)
      this.refreshes.noted(key, note)
    }
  }

  /** A refresh for this key has failed, for the reason that was noted last. */
  refreshFailed(key: string): void {
    const note = this.#answers.get(key)
    if (note !== undefined) this.refreshes.failed(key, note)
  }

  /** The newest ones of a key that is one of `targets`, or one of those with what fields and cookies add. */
  find(targets: readonly string[]): Noted {
    const of = <N extends Note>(notes: ReadonlyMap<string, N>): N[] =>
      [...notes]
        .filter(([key]) => targets.some((target) => key === target || key.startsWith(`${target}\n`)))
        .map(([, note]) => note)
    return { answer: newest(of(this.#answers)), passed: summed(of(this.#passes)) }
  }
}

/** What several threads noted, as one. */
export function together(all: readonly Noted[]): Noted {
  const there = <N>(notes: readonly (N | null)[]): N[] => notes.filter((note) => note !== null)
  return {
    answer: newest(there(all.map(({ answer }) => answer))),
    passed: summed(there(all.map(({ passed }) => passed))),
  }
}

function put<N>(notes: Map<string, N>, key: string, note: N): void {
  notes.delete(key)
  notes.set(key, note)
  if (notes.size > MOST) notes.delete(notes.keys().next().value!)
}

function newest<N extends Note>(notes: readonly N[]): N | null {
  return notes.reduce<N | null>((found, note) => (found !== null && found.at > note.at ? found : note), null)
}

function summed(notes: readonly PassNote[]): PassNote | null {
  const last = newest(notes)
  return last === null ? null : { ...last, count: notes.reduce((sum, { count }) => sum + count, 0) }
}
