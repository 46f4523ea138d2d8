/** What a server's failure means for the copy that is stored: it stays, and the server is asked again later, each time it fails. */
import { SLOT } from '../../cache/object/stored-object.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'

/** After a refresh that failed: first and longest pause, in ms. */
const PAUSE = 1000
const LONGEST_PAUSE = 60_000

/** Its server has failed. `now`: ms since the epoch. */
export function backOff(stale: PinnedObject | null, now: number): void {
  if (stale === null) return
  const failures = stale.meta(SLOT.failures) + 1
  stale.setMeta(SLOT.failures, failures)
  stale.setMeta(SLOT.retry, now + pauseAfter(failures))
}

/** A refresh came to nothing, but its server is well: the next one waits a moment. */
export function postpone(stale: PinnedObject | null, now: number): void {
  stale?.setMeta(SLOT.failures, 0)
  stale?.setMeta(SLOT.retry, now + PAUSE)
}

/** How long ago its server failed when it was asked last, in ms; -1: it did not, or the clock was set back since. */
export function sinceFailure(stale: PinnedObject, now: number): number {
  const failures = stale.meta(SLOT.failures)
  return failures === 0 ? -1 : Math.max(-1, now - (stale.meta(SLOT.retry) - pauseAfter(failures)))
}

/** Whether it may be fetched again in the background. */
export function mayTry(stale: PinnedObject, now: number): boolean {
  const pause = stale.meta(SLOT.retry) - now
  // No pause is longer but one of a clock that was set back.
  return pause <= 0 || pause > LONGEST_PAUSE
}

function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.min(failures - 1, 10))
}
