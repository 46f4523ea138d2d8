/** One line on the terminal that says how far a run is. Nothing where nobody looks. */
export class Progress {
  readonly #total: number
  readonly #stream: NodeJS.WriteStream
  readonly #start = performance.now()
  #done = 0

  /** `total`: steps that will be taken. */
  constructor(total: number, stream: NodeJS.WriteStream) {
    this.#total = total
    this.#stream = stream
  }

  /** Says what is being done now. */
  say(what: string): void {
    if (!this.#stream.isTTY) return
    const text = `${this.#done}/${this.#total} ${what}${this.#left()}`
    this.#stream.write(`\r\x1b[2K${text.slice(0, this.#stream.columns - 1)}`)
  }

  /** Some steps are done. */
  step(steps = 1): void {
    this.#done += steps
  }

  /** Makes room for other text. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K')
  }

  #left(): string {
    if (this.#done === 0) return ''
    const ms = ((performance.now() - this.#start) / this.#done) * (this.#total - this.#done)
    return ms < 90_000 ? `, ${Math.ceil(ms / 1000)} s left` : `, ${Math.ceil(ms / 60_000)} min left`
  }
}
