/** What the control plane says while a test runs. */
import { createAppLog, type Logger } from '../../src/watch/log/app-log.ts'

/** A line of its log. */
export interface SaidLine {
  readonly level: string
  readonly message: string
  readonly [fact: string]: unknown
}

/** Keeps the lines, from level `info` on. */
export class Said {
  readonly lines: SaidLine[] = []
  /** For `start`. */
  readonly log: Logger = createAppLog('info', {
    write: (text) => {
      for (const line of text.split('\n')) {
        if (line === '') continue
        this.lines.push(JSON.parse(line) as SaidLine)
        this.#wake?.()
      }
    },
  })
  #wake: (() => void) | null = null

  /** The first line whose message matches, as soon as there is one. */
  async first(pattern: RegExp): Promise<SaidLine> {
    for (;;) {
      const line = this.lines.find(({ message }) => pattern.test(message))
      if (line !== undefined) return line
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
