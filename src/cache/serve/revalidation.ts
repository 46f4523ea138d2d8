/**
 * Requests with which the cache asks its server whether a stored response is still right (RFC 9111 §4.3.1). The
 * conditions of the client are taken out of the request and judged here afterwards (conditionsOf): they are about what
 * the client has. A request for something of which nothing is stored keeps its conditions.
 */
import { type Edits, FieldName } from '../../wire/http/edits.ts'
import { Field, fieldNames } from '../../wire/http/fields.ts'
import { modifiedOf, type Validators } from '../object/validators.ts'

const CONDITIONS = [Field.ifNoneMatch, Field.ifModifiedSince, Field.range, Field.ifRange] as const

const IF_NONE_MATCH = new FieldName('If-None-Match')
const IF_MODIFIED_SINCE = new FieldName('If-Modified-Since')

/** Asks for this response only if it has changed. Nothing is asked where it has no validator. */
export function askWhetherChanged(edits: Edits, stored: Validators): void {
  if (stored.etag !== '') edits.set(IF_NONE_MATCH.line(stored.etag))
  // Both, for servers that do not know the better one.
  if (!Number.isNaN(modifiedOf(stored))) edits.set(IF_MODIFIED_SINCE.line(stored.lastModified))
}

/**
 * Takes If-None-Match, If-Modified-Since, Range and If-Range out of what the server is asked, with the validators of a
 * stored response, so that the answer is a whole one.
 */
export function removeConditions(edits: Edits): void {
  for (const id of CONDITIONS) edits.remove(id)
}

/** The opposite, with the codings that the client takes: the request passes on as it came. */
export function restoreConditions(edits: Edits): void {
  for (const id of CONDITIONS) edits.restore(id)
  edits.restore(Field.acceptEncoding)
}

/**
 * Takes out what a client says to caches, for a request that the cache makes of its own accord.
 * @param counted lower-case names of fields that choose among what is stored: the answer is to be the one for them
 */
export function removeDirectives(edits: Edits, counted: readonly string[]): void {
  for (const id of [Field.cacheControl, Field.pragma]) if (!counted.includes(fieldNames[id]!)) edits.remove(id)
}
