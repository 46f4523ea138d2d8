/** Why the last answers of servers were stored or not, by primary key: for operators who ask. Of one thread, bounded. */

export interface Note {
  /** ms since the epoch. */
  readonly at: number
  readonly stored: boolean
  /** A token of notStored, or `stored`. */
  readonly reason: string
}

const MOST = 1000

export class Notes {
  readonly #notes = new Map<string, Note>()

  set(key: string, note: Note): void {
    this.#notes.delete(key)
    this.#notes.set(key, note)
    if (this.#notes.size > MOST) this.#notes.delete(this.#notes.keys().next().value!)
  }

  /** The newest one of a key that is one of `targets`, or one of those with what fields and cookies add. */
  find(targets: readonly string[]): Note | null {
    let newest: Note | null = null
    for (const [key, note] of this.#notes) {
      if (!targets.some((target) => key === target || key.startsWith(`${target}\n`))) continue
      if (newest === null || note.at >= newest.at) newest = note
    }
    return newest
  }
}
