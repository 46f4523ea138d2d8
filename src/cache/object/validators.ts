/** What a stored response can be recognised by (RFC 9110 §8.8), kept beside it as text. */
import { isWeakTag, parseEntityTag, sameStrong, sameWeak } from '../../wire/http/entity-tag.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import { parseHttpDate } from '../../wire/http/http-date.ts'
import { dateOf } from '../freshness/freshness.ts'

export interface Validators {
  /** ETag as received, '' where there is none, or none that is an entity tag. */
  readonly etag: string
  /** Last-Modified as received, '' where there is none. */
  readonly lastModified: string
  /** Moment of Date, or of receipt without one, in ms since the epoch. */
  readonly date: number
}

/** The validators of a response that was received at this moment. */
export function validatorsOf(head: ResponseHead, answered: number): Validators {
  return {
    etag: parseEntityTag(head.get(Field.etag) ?? '') ?? '',
    lastModified: head.get(Field.lastModified) ?? '',
    date: dateOf(head, answered),
  }
}

/** Moment of Last-Modified, NaN where there is none that can be read. */
export function modifiedOf(of: Validators): number {
  return of.lastModified === '' ? NaN : parseHttpDate(of.lastModified, of.date)
}

/** Whether Last-Modified counts as a strong validator: its second was over when the response was made (RFC 9110 §8.8.2.2). */
export function isStrongDate(of: Validators): boolean {
  return of.date - modifiedOf(of) >= 1000
}

/** Whether there is a validator that says the same of both responses, and strongly so. */
export function sameStrongly(a: Validators, b: Validators): boolean {
  if (a.etag !== '' && b.etag !== '') return sameStrong(a.etag, b.etag)
  return a.lastModified !== '' && a.lastModified === b.lastModified && isStrongDate(a)
}

/** As sameStrongly, but weak validators will do. */
export function sameWeakly(a: Validators, b: Validators): boolean {
  if (a.etag !== '' && b.etag !== '') return sameWeak(a.etag, b.etag)
  return a.lastModified !== '' && a.lastModified === b.lastModified
}

/** Whether the response has a strong validator. */
export function hasStrong(of: Validators): boolean {
  return of.etag !== '' ? !isWeakTag(of.etag) : isStrongDate(of)
}
