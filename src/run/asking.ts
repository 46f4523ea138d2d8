/** Questions to all workers at once, and who has answered them. */
import type { Noted } from '../exchange/notes.ts'

interface Question {
  /** Threads that have not answered yet. */
  readonly waiting: Set<number>
  readonly notes: (Noted | null)[]
  readonly resolve: (notes: (Noted | null)[]) => void
}

export class Asking {
  readonly #questions = new Map<number, Question>()
  #last = 0

  /** Asks these threads by `tell`, which passes the number on; resolves when each has answered, or is gone. */
  ask(threads: Iterable<number>, tell: (ask: number) => void): Promise<(Noted | null)[]> {
    const { promise, resolve } = Promise.withResolvers<(Noted | null)[]>()
    const waiting = new Set(threads)
    const ask = ++this.#last
    if (waiting.size === 0) return Promise.resolve([])
    this.#questions.set(ask, { waiting, notes: [], resolve })
    tell(ask)
    return promise
  }

  answered(thread: number, ask: number, note: Noted | null): void {
    const question = this.#questions.get(ask)
    if (question?.waiting.delete(thread) !== true) return
    question.notes.push(note)
    if (question.waiting.size > 0) return
    this.#questions.delete(ask)
    question.resolve(question.notes)
  }

  /** A thread is gone. Its successor begins with what it was told last. */
  lost(thread: number): void {
    for (const ask of [...this.#questions.keys()]) this.answered(thread, ask, null)
  }
}
