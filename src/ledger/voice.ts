/**
 * The voices that may set a limit. The least of what they say is in force, and a refusal names the voice that said it.
 *
 * `configured` is the number in the configuration. `operator` takes its place when an operator has set one while
 * running, higher or lower. All others can only lower it: `shutdown` admits nothing more at the end of a drain;
 * `slow-start`, `breaker`, `adaptive` and `cluster` watch servers and other instances.
 */
export const voices = ['configured', 'operator', 'shutdown', 'slow-start', 'breaker', 'adaptive', 'cluster'] as const

export type Voice = (typeof voices)[number]

/** A limit that is in force, and the voice that set it. `value`: 0 … UNLIMITED. */
export interface LimitInForce {
  readonly value: number
  readonly voice: Voice
}

/** What each voice says about one limit; voices that say nothing are missing. */
export type Said = { readonly configured: number } & Readonly<Partial<Record<Voice, number>>>

/** The limit in force. Of two voices that say the same number the first in `voices` counts. */
export function limitInForce(said: Said): LimitInForce {
  let voice: Voice = said.operator === undefined ? 'configured' : 'operator'
  let value = said.operator ?? said.configured
  for (const other of voices) {
    if (other === 'configured' || other === 'operator') continue
    const theirs = said[other]
    if (theirs !== undefined && theirs < value) {
      value = theirs
      voice = other
    }
  }
  return { value, voice }
}
