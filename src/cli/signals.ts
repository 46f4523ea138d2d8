/** What can be said to a running Headgate from outside by a signal. */
import { constants } from 'node:os'

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR2'

export interface Orders {
  /** The first SIGTERM or SIGINT: come to an end in good order. */
  stop(signal: Signal): void
  /** One more, later than REPEATS after the first: end at once. */
  now?(signal: Signal): void
  /** SIGUSR2. Where this is missing the signal is left alone. */
  reopen?(): void
  /** SIGHUP. Where this is missing it is one more way to say stop: the terminal is gone. */
  reload?(): void
}

/**
 * One wish to stop can come in several times: Ctrl-C reaches every process of the terminal, bin/headgate.js passes on
 * what it gets, and `timeout` and some supervisors send to the process and to its group. What follows the first within
 * this many ms is the same wish.
 */
export const REPEATS = 1000

/** Heeds the signals until disposed. `clock`: ms, monotonic. */
export function heed(orders: Orders, clock: () => number = () => performance.now()): Disposable {
  let first = -1

  const stop = (signal: Signal): void => {
    if (first < 0) {
      first = clock()
      orders.stop(signal)
    } else if (clock() - first >= REPEATS) orders.now?.(signal)
  }

  const heeded: [Signal, () => void][] = [
    ['SIGTERM', () => stop('SIGTERM')],
    ['SIGINT', () => stop('SIGINT')],
    ['SIGHUP', orders.reload === undefined ? () => stop('SIGHUP') : () => orders.reload?.()],
  ]
  if (orders.reopen !== undefined) heeded.push(['SIGUSR2', () => orders.reopen?.()])
  for (const [signal, act] of heeded) process.on(signal, act)
  return {
    [Symbol.dispose]() {
      for (const [signal, act] of heeded) process.off(signal, act)
    },
  }
}

/** The exit status of a process that a signal ended, as shells have it. */
export function statusOf(signal: Signal): number {
  return 128 + constants.signals[signal]
}
