/** What can be said to a running Headgate from outside by a signal. */
import { constants } from 'node:os'

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR2'

export interface Orders {
  /** The first SIGTERM or SIGINT: come to an end in good order. */
  stop(signal: Signal): void
  /** A second one: end at once. */
  now?(signal: Signal): void
  /** SIGUSR2. Where this is missing the signal is left alone. */
  reopen?(): void
  /** SIGHUP. Where this is missing it is one more way to say stop: the terminal is gone. */
  reload?(): void
}

/**
 * Ctrl-C reaches every process of the terminal, and npm and bin/headgate.js pass on what they get: one press can come
 * in two or three times. What follows within this many ms is the same press.
 */
const onePress = 300

/** Heeds the signals until disposed. */
export function heed(orders: Orders): Disposable {
  let stopping = false
  let pressed = -Infinity

  const stop = (signal: Signal): void => {
    const now = performance.now()
    const again = signal === 'SIGINT' && now - pressed < onePress
    if (signal === 'SIGINT') pressed = now
    if (again) return
    if (!stopping) {
      stopping = true
      orders.stop(signal)
    } else orders.now?.(signal)
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
