/** Times as text, made many thousand times per second: what is the same within a second is made once in it. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** '000' … '999'. */
const milliseconds: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))

/** What follows the whole number: '', '.001', … '.01', … '.999'. */
const fractions: readonly string[] = milliseconds.map((digits) =>
  digits === '000' ? '' : `.${digits.replace(/0+$/, '')}`,
)

/** Records come in the order of their ends and carry the time of their start, so several seconds are in use at once. */
const SECONDS_KEPT = 16

/** One format of a second, kept for the last few seconds asked for. */
class Seconds {
  readonly #format: (date: Date) => string
  readonly #second = new Float64Array(SECONDS_KEPT).fill(-1)
  readonly #text: string[] = new Array<string>(SECONDS_KEPT).fill('')

  constructor(format: (date: Date) => string) {
    this.#format = format
  }

  at(second: number): string {
    const cell = second & (SECONDS_KEPT - 1)
    if (this.#second[cell] !== second) {
      this.#second[cell] = second
      this.#text[cell] = this.#format(new Date(second * 1000))
    }
    return this.#text[cell]!
  }
}

const iso = new Seconds((date) => date.toISOString().slice(0, 20))

const clf = new Seconds((date) => {
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
})

/** `2026-11-20T19:59:00.123Z` of ms since the epoch (fractions are cut off). */
export function isoTime(at: number): string {
  const second = Math.floor(at / 1000)
  return `${iso.at(second) + milliseconds[Math.floor(at) - second * 1000]}Z`
}

/** `20/Nov/2026:19:59:00 +0000`: in UTC, as the logs of several machines are read together. */
export function clfTime(at: number): string {
  return clf.at(Math.floor(at / 1000))
}

/** `1795204740.123`. */
export function epochTime(at: number): string {
  const second = Math.floor(at / 1000)
  return `${second}.${milliseconds[Math.floor(at) - second * 1000]}`
}

/** A duration in ms rounded to the microsecond, '12.345'; `never` where it is negative, which says: not reached. */
export function duration(ms: number, never: string): string {
  if (!(ms >= 0)) return never
  // Put together from two small integers: the shortest text of a double such as 12.299999999999272 takes far longer.
  const micros = Math.round(ms * 1000)
  const whole = Math.floor(micros / 1000)
  return whole + fractions[micros - whole * 1000]!
}
