/**
 * How what the cache knows lies in the store: three kinds of objects, their numbers, their heads.
 *
 *   response  a stored response. Numbers: its freshness and the slots below. Head: reason, ETag, Last-Modified and tags, a
 *             line each, then its fields.
 *   varies    stands under a key whose responses differ by request fields (RFC 9111 §4.1): names those fields. The
 *             responses themselves have keys of their own, made of this key, its generation and the values. So all
 *             variants are gone when this one object is.
 *   pass      what came for this key is not to be shared: no request waits for another's fetch until a moment.
 */
import { hash } from 'node:crypto'
import { type Freshness, freshnessSlots, readFreshness, writeFreshness } from '../freshness/freshness.ts'
import type { StoredHead } from './stored-head.ts'
import type { Validators } from './validators.ts'

export const KIND = { response: 1, varies: 2, pass: 3 } as const

/** Places of the numbers that are not the freshness's. Moments in ms since the epoch. */
export const SLOT = {
  status: freshnessSlots,
  /** Moment of Date. */
  date: freshnessSlots + 1,
  /** Bytes of the body where the server stated them, else -1. */
  length: freshnessSlots + 2,
  /** The last ban that it was compared with. */
  ban: freshnessSlots + 3,
  /** Not fetched in the background before this moment: the last try failed. */
  retry: freshnessSlots + 4,
  /** How often that has failed in a row. */
  failures: freshnessSlots + 5,
  /** Tells its content from all others; the same after it was validated. What is made from the content carries it too. */
  content: freshnessSlots + 6,
  /** Tells its head and content from all others: another one each time it is validated. What is made from it for clients carries the same. */
  version: freshnessSlots + 7,
  /** Of `varies`: tells this set of variants from former ones. */
  generation: 0,
  /** Of `pass`: until when, and 1 if that is because the body was longer than the store takes. */
  until: 0,
  large: 1,
} as const

/** Why a fetch that others follow came to nothing; the store itself has reasons below 16. */
export const AbandonReason = {
  /** The server failed, or none could be asked: the next one tries. */
  failed: 16,
  /** What came is not to be shared: each fetches for himself. */
  notStored: 17,
  /** It is stored, but under another key: look again. */
  elsewhere: 18,
  /** Nothing that says anything of the server: its client left, or there was no room. The next one tries. */
  untried: 19,
} as const

/** Reads and writes numbers one by one; a Hold, a Draft, or an array. */
export interface Numbers {
  meta(i: number): number
}

const scratch = new Float64Array(freshnessSlots)

/** Fills `into` with the freshness of a stored response. */
export function freshnessIn(into: Freshness, of: Numbers): void {
  for (let i = 0; i < freshnessSlots; i++) scratch[i] = of.meta(i)
  readFreshness(into, scratch, 0)
}

/** Writes a freshness to where `set` puts it. */
export function writeFreshnessTo(freshness: Freshness, to: { setMeta(i: number, value: number): void }): void {
  writeFreshness(freshness, scratch, 0)
  for (let i = 0; i < freshnessSlots; i++) to.setMeta(i, scratch[i]!)
}

/** What the head of a `response` says. */
export interface StoredText extends StoredHead, Validators {
  /** Separated by spaces; '' for none. */
  readonly tags: string
}

/** The head of a `response` as one text. */
export function textOf(stored: StoredText): string {
  return `${stored.reason}\n${stored.etag}\n${stored.lastModified}\n${stored.tags}\n${stored.fields}`
}

/** Reads what textOf wrote; status and date stand among the numbers. */
export function readText(text: string, of: Numbers): StoredText {
  const reason = text.indexOf('\n')
  const etag = text.indexOf('\n', reason + 1)
  const modified = text.indexOf('\n', etag + 1)
  const tags = text.indexOf('\n', modified + 1)
  return {
    status: of.meta(SLOT.status),
    date: of.meta(SLOT.date),
    reason: text.slice(0, reason),
    etag: text.slice(reason + 1, etag),
    lastModified: text.slice(etag + 1, modified),
    tags: text.slice(modified + 1, tags),
    fields: text.slice(tags + 1),
  }
}

/** Characters of a variant's text beyond which it stands in the key as its hash: the store bounds keys, and clients do not bound fields. */
const LONGEST_VARIANT = 1024

/**
 * The key of one variant of `primary`: at most 1100 characters longer than that.
 * @param variant see variantOf of vary.ts
 */
export function variantKey(primary: string, generation: number, variant: string): string {
  // No field has such a name, and no such text has no line feed at its end: it is never taken for the text of another.
  const short = variant.length > LONGEST_VARIANT ? `(sha-256):${hash('sha256', variant)}` : variant
  return `${primary}\n\nv ${generation}\n${short}`
}

/** All numbers of a response whose body is `length` bytes, -1: not known yet. The rest as in SLOT. */
export function numbersOf(
  freshness: Freshness,
  stored: StoredText,
  length: number,
  ban: number,
  content = unique(),
): number[] {
  const numbers: number[] = []
  writeFreshnessTo(freshness, {
    setMeta: (i, value) => {
      numbers[i] = value
    },
  })
  numbers[SLOT.status] = stored.status
  numbers[SLOT.date] = stored.date
  numbers[SLOT.length] = length
  numbers[SLOT.ban] = ban
  numbers[SLOT.retry] = numbers[SLOT.failures] = 0
  numbers[SLOT.content] = content
  numbers[SLOT.version] = unique()
  return numbers
}

/** Makes a response of what is being filled; its head comes after that. */
export function putResponse(
  to: { kind: number; setMeta(i: number, value: number): void },
  ...of: Parameters<typeof numbersOf>
): void {
  to.kind = KIND.response
  const numbers = numbersOf(...of)
  for (let i = 0; i < numbers.length; i++) to.setMeta(i, numbers[i]!)
}

/** A number that nothing else has. */
function unique(): number {
  return 1 + Math.floor(Math.random() * 2 ** 48)
}
