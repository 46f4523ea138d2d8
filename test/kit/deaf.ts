/**
 * A server that does not answer when it is called: it listens, its backlog is full, and nobody accepts. So whoever
 * connects waits, as with a machine that is overloaded or a network that loses packets.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

export class DeafServer implements AsyncDisposable {
  readonly #thread: Worker
  readonly #woken: Int32Array
  readonly #fillers: Socket[]
  readonly port: number

  private constructor(thread: Worker, woken: Int32Array, fillers: Socket[], port: number) {
    this.#thread = thread
    this.#woken = woken
    this.#fillers = fillers
    this.port = port
  }

  static async listen(): Promise<DeafServer> {
    const woken = new Int32Array(new SharedArrayBuffer(4))
    const thread = new Worker(new URL('./deaf-thread.ts', import.meta.url), { workerData: woken })
    const [port] = (await once(thread, 'message')) as [number]
    const fillers: Socket[] = []
    // The kernel takes one or two more than it was told. Over loopback a connection takes less than a millisecond.
    for (let full = false; !full; ) {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => {})
      fillers.push(socket)
      full = !(await Promise.race([
        once(socket, 'connect').then(() => true),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 100)),
      ]))
    }
    return new DeafServer(thread, woken, fillers, port)
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** From now on it accepts, and answers every request with `heard`. The kernel lets waiting connections in within a second or so. */
  wake(): void {
    for (const socket of this.#fillers) socket.destroy()
    Atomics.store(this.#woken, 0, 1)
    Atomics.notify(this.#woken, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake()
    await this.#thread.terminate()
  }
}
