/**
 * How what the cache knows lies in the store: three kinds of objects, their numbers, their heads.
 *
 *   response  a stored response. Numbers: its life and the slots below. Head: reason, ETag, Last-Modified and tags, a
 *             line each, then its fields.
 *   varies    stands under a key whose responses differ by request fields (RFC 9111 §4.1): names those fields. The
 *             responses themselves have keys of their own, made of this key, its generation and the values. So all
 *             variants are gone when this one object is.
 *   pass      what came for this key is not to be shared: nobody waits for a fetch of somebody else until a moment.
 */
import { type Life, lifeSlots, readLife, writeLife } from './life.ts'
import type { StoredHead } from './stored-head.ts'
import type { Validators } from './validators.ts'

export const KIND = { response: 1, varies: 2, pass: 3 } as const

/** Places of the numbers that are not the life's. Moments in ms since the epoch. */
export const SLOT = {
  status: lifeSlots,
  /** Moment of Date. */
  date: lifeSlots + 1,
  /** Bytes of the body where the server stated them, else -1. */
  length: lifeSlots + 2,
  /** The last ban that it was compared with. */
  ban: lifeSlots + 3,
  /** Not fetched in the background before this moment: the last try failed. */
  retry: lifeSlots + 4,
  /** How often that has failed in a row. */
  failures: lifeSlots + 5,
  /** Tells its content from all others; the same after it was validated. What is made from the content carries it too. */
  content: lifeSlots + 6,
  /** Tells its head and content from all others: another one each time it is validated. What is made from it for clients carries the same. */
  version: lifeSlots + 7,
  /** Of `varies`: tells this set of variants from former ones. */
  generation: 0,
  /** Of `pass`: until when. */
  until: 0,
} as const

/** Why a fetch that others follow came to nothing; the store itself has reasons below 16. */
export const REASON = {
  /** The server failed, or nobody could be asked: the next one tries. */
  failed: 16,
  /** What came is not to be shared: each fetches for himself. */
  notStored: 17,
  /** It is stored, but under another key: look again. */
  elsewhere: 18,
} as const

/** Reads and writes numbers one by one; a Hold, a Draft, or an array. */
export interface Numbers {
  meta(i: number): number
}

const scratch = new Float64Array(lifeSlots)

/** Fills `into` with the life of a stored response. */
export function lifeIn(into: Life, of: Numbers): void {
  for (let i = 0; i < lifeSlots; i++) scratch[i] = of.meta(i)
  readLife(into, scratch, 0)
}

/** Writes a life to where `set` puts it. */
export function putLife(life: Life, to: { setMeta(i: number, value: number): void }): void {
  writeLife(life, scratch, 0)
  for (let i = 0; i < lifeSlots; i++) to.setMeta(i, scratch[i]!)
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

/** The key of one variant of `primary`. */
export function variantKey(primary: string, generation: number, variant: string): string {
  return `${primary}\n\nv ${generation}\n${variant}`
}
