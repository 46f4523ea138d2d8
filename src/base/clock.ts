/** The clocks. Durations and deadlines use `monotonic`; only what is shown to people or to caches uses `wall`. */

/**
 * Milliseconds with fractions since this thread began; never goes back. The origin differs from thread to thread, so a
 * value of it means nothing in another one.
 */
export function monotonic(): number {
  last = performance.now()
  return last
}

let last = performance.now()

/**
 * The last value of `monotonic`: the time at which the event that is being handled began, as all that starts one
 * (a read, a timer, a bell) reads the clock. Reading it costs as much as parsing a field, and one request needs the
 * time often.
 */
export function lately(): number {
  return last
}

/** Milliseconds of one clock that all threads of the process read alike, and that never goes back. Slower than the others. */
export function steady(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1000 + nanos / 1e6
}

/** Milliseconds since the epoch; may jump when the machine's clock is set. */
export function wall(): number {
  return Date.now()
}

let second = Number.NaN
let text = ''

/** The Date field's value for a moment in ms since the epoch (IMF-fixdate, RFC 9110 §5.6.7), made once per second. */
export function httpDate(at: number = Date.now()): string {
  const now = Math.floor(at / 1000)
  if (now !== second) {
    second = now
    text = new Date(now * 1000).toUTCString()
  }
  return text
}
