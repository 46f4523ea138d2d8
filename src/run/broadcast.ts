/** Questions to all workers at once, and who has answered them. */

interface Question {
  /** Threads that have not answered yet. */
  readonly waiting: Set<number>
  readonly answers: unknown[]
  readonly resolve: (answers: unknown[]) => void
}

export class Broadcast {
  readonly #questions = new Map<number, Question>()
  #last = 0

  /** Asks these threads by `tell`, which passes the number on; resolves with what they answered when each has, or is gone. */
  ask(threads: Iterable<number>, tell: (ask: number) => void): Promise<unknown[]> {
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    const waiting = new Set(threads)
    const ask = ++this.#last
    if (waiting.size === 0) return Promise.resolve([])
    this.#questions.set(ask, { waiting, answers: [], resolve })
    tell(ask)
    return promise
  }

  answered(thread: number, ask: number, answer: unknown): void {
    this.#heard(thread, ask, [answer])
  }

  #heard(thread: number, ask: number, answers: readonly unknown[]): void {
    const question = this.#questions.get(ask)
    if (question?.waiting.delete(thread) !== true) return
    question.answers.push(...answers)
    if (question.waiting.size > 0) return
    this.#questions.delete(ask)
    question.resolve(question.answers)
  }

  /** A thread is gone. Its successor begins with what it was told last. */
  lost(thread: number): void {
    for (const ask of [...this.#questions.keys()]) this.#heard(thread, ask, [])
  }
}
