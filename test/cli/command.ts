/** Runs the command line as a user does, as a process of its own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The door of the command line. */
export const bin = fileURLToPath(new URL('../../bin/headgate.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The Node that runs it, where it is not this one. */
  readonly node?: string
}

/** A running `headgate`. Disposing of it ends it for good. */
export class RunningCommand implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #over: Promise<Ended>
  readonly #watchers = new Set<() => void>()
  #out = ''
  #err = ''
  #closed = false

  constructor(args: readonly string[], { cwd, env, node = process.execPath }: CommandOptions = {}) {
    // Plain output, whatever the terminal or the build machine of those who run the tests says.
    const { FORCE_COLOR: _, NO_COLOR: __, NODE_OPTIONS: ___, ...inherited } = process.env
    this.#child = spawn(node, [bin, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#out += text)))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#err += text)))
    this.#over = once(this.#child, 'close').then(([code, signal]) => {
      this.#heard(() => (this.#closed = true))
      return { code, signal, out: this.#out, err: this.#err }
    })
  }

  /** Resolves when stdout or stderr has text that matches; rejects when the process ends without. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#out) ?? pattern.exec(this.#err)
      if (found !== null) return found
      if (this.#closed) throw new Error(`never said ${pattern}; stdout: ${this.#out} stderr: ${this.#err}`)
      await new Promise<void>((resolve) => this.#watchers.add(resolve))
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  ended(): Promise<Ended> {
    return this.#over
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#child.kill('SIGKILL')
    await this.#over
  }

  #heard(change: () => void): void {
    change()
    for (const watcher of this.#watchers) watcher()
    this.#watchers.clear()
  }
}

/** Runs a command to its end. */
export async function command(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  await using running = new RunningCommand(args, options)
  return await running.ended()
}
