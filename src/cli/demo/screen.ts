/** Shows frames: on a terminal as one picture that is drawn over, anywhere else as lines that follow each other. */
import { stripVTControlCharacters } from 'node:util'

const enter = '\x1b[?1049h\x1b[?25l'
const leave = '\x1b[?25h\x1b[?1049l'
/** Synchronized output: a terminal that knows it shows the new picture at once and not line by line. */
const begin = '\x1b[?2026h\x1b[H'
const end = '\x1b[J\x1b[?2026l'

/** True where a picture can be drawn over: a terminal that understands cursor codes, and no log of a build machine. */
export function isLive(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb' && env.CI === undefined
}

/** The second screen of the terminal, as editors use it: what stood there before comes back at the end. */
export class Screen implements Disposable {
  readonly #stream: NodeJS.WriteStream
  readonly #restore = (): void => void this.#stream.write(leave)

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    process.once('exit', this.#restore)
    stream.write(enter)
  }

  get width(): number {
    return this.#stream.columns
  }

  /** Draws over what is there. What is too wide or too high for the terminal is cut off. */
  show(lines: readonly string[]): void {
    const { rows, columns } = this.#stream
    const fitting = lines.slice(0, rows).map((line) => `${cut(line, columns)}\x1b[K`)
    this.#stream.write(begin + fitting.join('\r\n') + end)
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#restore)
    this.#restore()
  }
}

/** A line that is too wide loses its colours with its end. */
function cut(line: string, columns: number): string {
  const bare = stripVTControlCharacters(line)
  return bare.length <= columns ? line : bare.slice(0, columns)
}
