/** A program of ours in a process of its own, which is told its orders and reports by messages. */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Yard } from './yard.ts'

export class Helper<Order extends object, Report> implements AsyncDisposable {
  readonly #yard: Yard
  readonly #child: ChildProcess
  /** Reports that nobody has asked for yet. */
  readonly #reports: Report[] = []
  #ended = false
  /** Who waits for the next report. */
  #waiter: (() => void) | null = null

  /** `program`: address of the TypeScript file. */
  constructor(yard: Yard, program: URL, cores: string | null) {
    this.#yard = yard
    this.#child = yard.start({ file: process.execPath, args: [fileURLToPath(program)], cores, talk: 'ipc' })
    this.#child.on('message', (report) => {
      this.#reports.push(report as Report)
      this.#waiter?.()
    })
    const ended = (): void => {
      this.#ended = true
      this.#waiter?.()
    }
    this.#child.on('exit', ended)
    this.#child.on('error', ended)
  }

  /** Gives an order; resolves to the next report. */
  async ask(order: Order): Promise<Report> {
    this.#child.send(order)
    return await this.next()
  }

  /** The next report, in their order. Rejects, with what it said, when the process ends without one. */
  async next(): Promise<Report> {
    while (this.#reports.length === 0) {
      if (this.#ended) throw new Error(`a helper of the bench ended:\n${this.#yard.said(this.#child)}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiter = resolve
      await promise
    }
    return this.#reports.shift()!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#yard.stop(this.#child)
  }
}

/** The other end, in the helper: answers each order with a report, and ends when nobody is there to give one. */
export function serve<Order, Report>(act: (order: Order) => Report | Promise<Report>): void {
  process.on('message', async (order: Order) => report(await act(order)))
  process.on('disconnect', () => process.exit())
}

/** Sends a report on its own account. */
export function report(message: unknown): void {
  process.send?.(message)
}
