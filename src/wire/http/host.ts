/**
 * `uri-host [ ":" port ]` of Host, absolute-form and CONNECT (RFC 9110 §4.2, RFC 3986 §3.2.2).
 *
 * Narrower than RFC 3986, whose reg-name may hold percent-encoding and `!$&'()*+,;=`: no name that resolves has them, no
 * browser sends them, and what routing compares should be read in one way only. IPvFuture and zone ids are refused too.
 */
import { COLON, isDigit, lowerCode } from '../../base/bytes.ts'

const DOT = 0x2e
const OPEN = 0x5b

/**
 * Checks the authority text[from, to).
 * @returns offset where the host ends (its port's colon, or `to`); -1: it is not valid
 */
export function hostEnd(text: string, from: number, to: number): number {
  if (from >= to) return -1
  const end = text.charCodeAt(from) === OPEN ? literalEnd(text, from, to) : nameEnd(text, from, to)
  return end < 0 || (end < to && !portValid(text, end + 1, to)) ? -1 : end
}

/** Whether text[from, to) is a port: digits up to 65535, or nothing (RFC 3986 §3.2.3). */
function portValid(text: string, from: number, to: number): boolean {
  let port = 0
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i)
    if (!isDigit(c)) return false
    port = port * 10 + c - 0x30
    if (port > 65535) return false
  }
  return true
}

/** Letters, digits, '-', '_', '~' in labels that are not empty; one dot may end the name. */
function nameEnd(text: string, from: number, to: number): number {
  let label = 0
  let i = from
  for (; i < to; i++) {
    const c = text.charCodeAt(i)
    if (c === DOT) {
      if (label === 0) return -1
      label = 0
    } else if (c === COLON) break
    else if (isNameCode(c)) label++
    else return -1
  }
  return i === from ? -1 : i
}

function isNameCode(c: number): boolean {
  const lower = lowerCode(c)
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(c) || c === 0x2d || c === 0x5f || c === 0x7e
}

/** `[` IPv6 address `]`. */
function literalEnd(text: string, from: number, to: number): number {
  const close = text.indexOf(']', from)
  if (close < 0 || close >= to || !isIPv6(text.slice(from + 1, close))) return -1
  return close + 1 === to || text.charCodeAt(close + 1) === COLON ? close + 1 : -1
}

/** Whether the text is an IPv4 address in four decimal parts without leading zeros. */
export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
}

/** Whether the text is an IPv6 address without brackets and zone (RFC 4291 §2.2). */
export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  let groups = 0
  for (let h = 0; h < halves.length; h++) {
    const half = halves[h]!
    if (half === '' && halves.length === 2) continue
    const parts = half.split(':')
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!
      if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups++
      else if (h === halves.length - 1 && i === parts.length - 1 && isIPv4(part)) groups += 2
      else return false
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}

/** The host as it is compared: lower case, without a dot at its end ("example.com." is the same host). */
export function hostName(text: string, from: number, end: number): string {
  const dot = end - 1 > from && text.charCodeAt(end - 1) === DOT ? end - 1 : end
  return text.slice(from, dot).toLowerCase()
}
