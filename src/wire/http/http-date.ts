/**
 * HTTP-date (RFC 9110 §5.6.7): the form that is written today (base/clock.ts) and the two old ones that still have to be read. Nothing
 * else counts as a date, above all no other zone: RFC 9111 §4.2 wants such a date to be taken for invalid. Names are
 * read in any case, as the same section asks of caches. Whether the day of the week fits the date is not checked.
 */
import { equalsLower, isDigit } from '../../base/bytes.ts'

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** An RFC 850 date has a year of two digits: which century is meant depends on when it is read. */
const FIFTY_YEARS = 50

/**
 * Moment of an HTTP-date.
 * @param text the value without space around it
 * @param now ms since the epoch; decides the century of a year of two digits
 * @returns ms since the epoch, NaN for everything that is no date
 */
export function parseHttpDate(text: string, now: number): number {
  if (text.length === 29 && text.charAt(3) === ',') return fixdate(text)
  if (text.length === 24 && text.charAt(3) === ' ') return asctime(text)
  return rfc850(text, now)
}

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
function fixdate(text: string): number {
  if (shortDay(text) < 0 || text.charAt(4) !== ' ' || text.charAt(7) !== ' ' || text.charAt(11) !== ' ') return NaN
  if (text.charAt(16) !== ' ' || !equalsLower(text, 25, 29, ' gmt')) return NaN
  return moment(digits(text, 12, 16), month(text, 8), digits(text, 5, 7), clock(text, 17))
}

/** `Sun Nov  6 08:49:37 1994` */
function asctime(text: string): number {
  if (shortDay(text) < 0 || text.charAt(7) !== ' ' || text.charAt(10) !== ' ' || text.charAt(19) !== ' ') return NaN
  const day = text.charAt(8) === ' ' ? digits(text, 9, 10) : digits(text, 8, 10)
  return moment(digits(text, 20, 24), month(text, 4), day, clock(text, 11))
}

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function rfc850(text: string, now: number): number {
  const comma = text.indexOf(',')
  if (comma < 6 || text.length !== comma + 24 || !DAYS.includes(text.slice(0, comma).toLowerCase())) return NaN
  const at = comma + 2
  if (text.charAt(comma + 1) !== ' ' || text.charAt(at + 2) !== '-' || text.charAt(at + 6) !== '-') return NaN
  if (text.charAt(at + 9) !== ' ' || !equalsLower(text, at + 18, at + 22, ' gmt')) return NaN
  const short = digits(text, at + 7, at + 9)
  if (short < 0) return NaN
  const mon = month(text, at + 3)
  const day = digits(text, at, at + 2)
  const time = clock(text, at + 10)
  const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100
  // The nearest year with these digits that is not more than 50 years ahead (RFC 9110 §5.6.7).
  const latest = new Date(now)
  latest.setUTCFullYear(latest.getUTCFullYear() + FIFTY_YEARS)
  for (let year = century + 100 + short; ; year -= 100) {
    const meant = moment(year, mon, day, time)
    // The last day of February may be missing from the one century and not from the other.
    if (meant <= latest.getTime() || year <= century - 100) return meant
  }
}

/** Index of the day whose short name begins the text, -1 where there is none. */
function shortDay(text: string): number {
  for (let i = 0; i < 7; i++) if (equalsLower(text, 0, 3, DAYS[i]!.slice(0, 3))) return i
  return -1
}

function month(text: string, at: number): number {
  for (let i = 0; i < 12; i++) if (equalsLower(text, at, at + 3, MONTHS[i]!)) return i
  return -1
}

/** The number of text[from, to), -1 if not all of it is digits. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return -1
    value = value * 10 + code - 0x30
  }
  return value
}

/** ms of the day of `hh:mm:ss`, -1 if it is none. A leap second is the first one of the next minute. */
function clock(text: string, at: number): number {
  const hour = digits(text, at, at + 2)
  const minute = digits(text, at + 3, at + 5)
  const second = digits(text, at + 6, at + 8)
  if (text.charAt(at + 2) !== ':' || text.charAt(at + 5) !== ':') return -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1
  return ((hour * 60 + minute) * 60 + second) * 1000
}

/** ms since the epoch, NaN for a day that its month does not have. */
function moment(year: number, mon: number, day: number, time: number): number {
  if (year < 0 || mon < 0 || day < 1 || time < 0) return NaN
  // Date.UTC takes years below 100 for those of the last century.
  const date = new Date(0)
  date.setUTCFullYear(year, mon, day)
  return date.getUTCMonth() === mon && date.getUTCDate() === day ? date.getTime() + time : NaN
}
