/** Questions to all workers at once, and their answers. */

interface Question {
  /** Threads that have not answered yet. */
  readonly waiting: Set<number>
  readonly answers: unknown[]
  readonly resolve: (answers: unknown[]) => void
}

export class Broadcast {
  readonly #questions = new Map<number, Question>()
  #last = 0

  /** Asks these threads by `send`, which passes the number on; resolves with their answers when each has answered or is gone. */
  ask(threads: Iterable<number>, send: (ask: number) => void): Promise<unknown[]> {
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    const waiting = new Set(threads)
    const ask = ++this.#last
    if (waiting.size === 0) return Promise.resolve([])
    this.#questions.set(ask, { waiting, answers: [], resolve })
    send(ask)
    return promise
  }

  answered(thread: number, ask: number, answer: unknown): void {
    this.#add(thread, ask, [answer])
  }

  #add(thread: number, ask: number, answers: readonly unknown[]): void {
    const question = this.#questions.get(ask)
    if (question?.waiting.delete(thread) !== true) return
    question.answers.push(...answers)
    if (question.waiting.size > 0) return
    this.#questions.delete(ask)
    question.resolve(question.answers)
  }

  /** A thread is gone. Its successor begins with the newest state. */
  lost(thread: number): void {
    for (const ask of [...this.#questions.keys()]) this.#add(thread, ask, [])
  }
}
