/** The worker of one thread, running or to be started. */
import type { Worker } from 'node:worker_threads'

export interface WorkerSlot {
  worker: Worker | null
  startedAt: number
  /** The worker listens, and was not asked to die. */
  up: boolean
  /** Resolves when it is up. */
  listening: PromiseWithResolvers<void>
  stopped: PromiseWithResolvers<void>
  /** Until the next worker is started. Keeps the process alive, which might have nothing else to wait for. */
  pause: NodeJS.Timeout | undefined
}

/** A slot that waits for its first worker. */
export function newWorkerSlot(): WorkerSlot {
  return {
    worker: null,
    startedAt: 0,
    up: false,
    listening: Promise.withResolvers(),
    stopped: Promise.withResolvers(),
    pause: undefined,
  }
}

/** The worker's file beside this one: TypeScript in the sources, JavaScript in the package. */
export function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
}
