/**
 * Requests with which the cache asks its server whether a stored response is still right (RFC 9111 §4.3.1). The
 * conditions of the client are taken out of the request and judged here afterwards (conditionsOf): they are about what
 * the client has. A request for something of which nothing is stored keeps its conditions.
 */
import { Field, fieldNames } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { modifiedOf, type Validators } from '../object/validators.ts'

const CONDITIONS = [Field.ifNoneMatch, Field.ifModifiedSince, Field.range, Field.ifRange] as const

/** Whole lines with CRLF that ask for this response only if it has changed; '' if it has no validator. */
export function validationLines(stored: Validators): string {
  let lines = ''
  if (stored.etag !== '') lines += `If-None-Match: ${stored.etag}\r\n`
  // Both, for servers that do not know the better one.
  if (!Number.isNaN(modifiedOf(stored))) lines += `If-Modified-Since: ${stored.lastModified}\r\n`
  return lines
}

/**
 * Takes If-None-Match, If-Modified-Since, Range and If-Range out of what requestToServer passes on, so that the answer
 * is a whole one, or a 304 about the stored response. They can no longer be read from the head either.
 */
export function hideConditions(head: RequestHead): void {
  for (const id of CONDITIONS) head.hide(id)
}

/** The opposite, with the codings that the client takes: the request passes on as it came. */
export function showConditions(head: RequestHead): void {
  for (const id of CONDITIONS) head.show(id)
  head.show(Field.acceptEncoding)
}

/**
 * The same with what a client says to caches, for a request that the cache makes of its own accord.
 * @param counted lower-case names of fields that choose among what is stored: the answer is to be the one for them
 */
export function hideDirectives(head: RequestHead, counted: readonly string[]): void {
  for (const id of [Field.cacheControl, Field.pragma]) if (!counted.includes(fieldNames[id]!)) head.hide(id)
}
