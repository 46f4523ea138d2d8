/**
 * Incident ids: what a visitor reads out and the operator searches the log for. 14 characters of Crockford's base 32
 * (no I, L, O, U: nothing to mishear): six of time (seconds, so that ids sort by age), eight of chance (40 bits: not to
 * be guessed, and at 5000 refusals per second a day brings about one pair of equal ids).
 */
import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 2025-01-01T00:00:00Z in seconds; six characters reach 34 years from there. */
const EPOCH = 1_735_689_600

/** Every pair of characters, so that ten bits are one look-up. */
const pairs: readonly string[] = Array.from(
  { length: 1024 },
  (_, i) => ALPHABET.charAt(i >> 5) + ALPHABET.charAt(i & 31),
)

/** Asking the system for randomness costs microseconds, however little is asked for: so for 1024 ids at once. */
const pool = new Uint16Array(4096)
let left = 0

let second = -1
let time = ''

/** A new id. `now` is the wall clock in ms. */
export function incidentId(now: number): string {
  const seconds = Math.floor(now / 1000) - EPOCH
  if (seconds !== second) {
    second = seconds
    time = pairs[(seconds >>> 20) & 1023]! + pairs[(seconds >>> 10) & 1023]! + pairs[seconds & 1023]!
  }
  if (left === 0) {
    randomFillSync(pool)
    left = pool.length
  }
  left -= 4
  return (
    time +
    pairs[pool[left]! & 1023]! +
    pairs[pool[left + 1]! & 1023]! +
    pairs[pool[left + 2]! & 1023]! +
    pairs[pool[left + 3]! & 1023]!
  )
}

/** An id as it was read out or typed; null: it is none. */
export function readIncident(text: string): string | null {
  const id = text.replace(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{14}$/.test(id) ? id : null
}
