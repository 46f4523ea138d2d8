/**
 * A server in a process of its own, for tests of what becomes of requests when a server dies or hangs. This file is both
 * sides: the test imports `Mortal`, the process runs it with what it answers as its argument.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** How long it takes over an answer, in ms, so that requests are at it at any moment. */
const PAUSE = 4

export class Mortal implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly address: string

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, port: number) {
    this.#child = child
    this.address = `127.0.0.1:${port}`
  }

  /** Starts a server that answers everything with `says`. */
  static async start(says: string): Promise<Mortal> {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), says], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    return new Mortal(child, Number(line))
  }

  /** Kills it on the spot (SIGKILL): its connections are reset by the system. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  /** Stops it (SIGSTOP): the system takes connections for it, and nobody answers. */
  hang(): void {
    this.#child.kill('SIGSTOP')
  }

  /** It goes on (SIGCONT). */
  wake(): void {
    this.#child.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const says = process.argv[2] ?? ''
  const server = createServer((_, response) => setTimeout(() => response.end(says), PAUSE))
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`))
  // Ends with the test, however that ends.
  process.stdin.on('close', () => process.exit())
  process.stdin.resume()
}
