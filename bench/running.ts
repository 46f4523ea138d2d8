/** A proxy at work, and how it is known to be. */
import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Peer } from './peers/peer.ts'
import { treeOf } from './proc.ts'
import type { Command, Yard } from './yard.ts'

/** How long a server may take to answer its first request, in ms. */
const START = 20_000

export class Running implements AsyncDisposable {
  readonly peer: Peer
  readonly job: Job
  readonly #yard: Yard
  readonly #children: ChildProcess[]

  constructor(peer: Peer, job: Job, yard: Yard, children: ChildProcess[]) {
    this.peer = peer
    this.job = job
    this.#yard = yard
    this.#children = children
  }

  /** The processes that were started for it; theirs come on top. */
  get pids(): number[] {
    return this.#children.map(({ pid }) => pid!)
  }

  /** Stops it where it is, with all it has started, until it is resumed. */
  pause(): void {
    this.#signal('SIGSTOP')
  }

  resume(): void {
    this.#signal('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Who is stopped does not hear that it is to end.
    this.resume()
    await Promise.all(this.#children.map((child) => this.#yard.stop(child)))
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const pid of this.pids.flatMap(treeOf)) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended by itself.
      }
    }
  }
}

/** Starts a proxy; resolves when it answers `path` with 200. Rejects, with what it said, when it does not. */
export async function startProxy(yard: Yard, peer: Peer, job: Job, cores: string | null, path = '/'): Promise<Running> {
  const [proxy, ...helpers] = peer.commands(job)
  const children = [await startServer(yard, { ...proxy!, cores }, job.port, path)]
  for (const helper of helpers) children.push(yard.start({ ...helper, cores }))
  return new Running(peer, job, yard, children)
}

/** Starts a server; resolves when it answers. */
export async function startServer(yard: Yard, command: Command, port: number, path = '/'): Promise<ChildProcess> {
  const child = yard.start(command)
  const end = Date.now() + START
  while (!(await answers(port, path))) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null || Date.now() > end) {
      const said = yard.said(child)
      await yard.stop(child)
      throw new Error(`${command.file} does not answer on port ${port}${said === '' ? '' : `:\n${said}`}`)
    }
    await sleep(2)
  }
  return child
}

/** Whether a GET to a port of loopback is answered with 200. */
export function answers(port: number, path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(2000, () => socket.destroy())
  socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
  socket.once('data', (data) => {
    resolve(data.toString('latin1', 9, 12) === '200')
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve(false))
  return promise
}
