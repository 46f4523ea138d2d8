/** What caches know of statuses. The numbers are looked up here, never sent. */

function statuses(list: string): ReadonlySet<number> {
  return new Set(list.split(' ').map(Number))
}

/** May be fresh without a word about it (RFC 9110 §15.1). 206 is not among them: parts are not stored. */
const HEURISTIC = statuses('200 203 204 300 301 308 404 405 410 414 501')

/** Those of RFC 9110 §15 whose rules for caches are all kept here: must-understand asks for that (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = statuses(
  '200 201 202 203 204 205 300 301 302 303 307 308 400 401 402 403 404 405 406 408 409 410 411 413 414 415 421 422 426 500 501 502 503 504 505',
)

/** The server failed, so that a stale answer is better than this one (RFC 5861 §4). */
const ERRORS = statuses('500 502 503 504')
/** Servers have their own beside the registered ones, which all lie below; they mean the same as 500 (RFC 9110 §15). */
const OWN_ERRORS = 512
/** The server wants fewer requests (RFC 6585 §4). */
const TOO_MANY = statuses('429')
/** The server finds fault with the request, and says nothing of what it asks for. */
const ABOUT_REQUEST = statuses('400 406 408 411 412 413 415 416 417 421 422 425 426 428 429 431')
/** An answer to conditions or ranges that the request named (RFC 9110 §15.5.13, §15.5.17). */
const CONDITIONAL = statuses('412 416')

/** Whether a freshness may be guessed for this status (RFC 9111 §4.2.2). */
export function isHeuristic(status: number): boolean {
  return HEURISTIC.has(status)
}

export function isUnderstood(status: number): boolean {
  return UNDERSTOOD.has(status)
}

/** Whether stale-if-error is about this status. */
export function isServerError(status: number): boolean {
  return ERRORS.has(status) || status >= OWN_ERRORS
}

/** Whether a refresh in the background has failed: the copy that is there stays, and the next try waits. */
export function isRefreshFailure(status: number): boolean {
  return Math.floor(status / 100) === 5 || isTooMany(status)
}

/** Whether the server wants fewer requests. */
export function isTooMany(status: number): boolean {
  return TOO_MANY.has(status)
}

/** Whether the answer is about how this client asked, so that it says nothing about other requests. */
export function isAboutRequest(status: number): boolean {
  return ABOUT_REQUEST.has(status)
}

/** Whether the answer may be about what the request named beside its target. */
export function isConditional(status: number): boolean {
  return CONDITIONAL.has(status)
}
