/**
 * What methods change besides their target: those of WebDAV act on whole collections, and on other targets than their
 * own (RFC 4918, RFC 3253, RFC 3744, RFC 5842).
 */

/** Methods that ask for no change (RFC 9110 §9.2.1, RFC 4918 §9.1, RFC 3253 §3.6, RFC 5323 §2). All others may change something, the unknown ones too. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/** Whether a method asks for no change. */
export function isSafe(method: string): boolean {
  return SAFE.has(method)
}

/** What a successful request with a method changes. */
export interface Reach {
  /** The members of its target, if it is a collection, those of these too. */
  readonly below: boolean
  /** The listing of the collection that its target is a member of: always, or if the target was created. */
  readonly listing: 'no' | 'created' | 'yes'
  /** What Destination names, with all below it and the listing of its collection. */
  readonly destination: boolean
  /** It may change any target, as only its content says which. */
  readonly anywhere: boolean
}

const TARGET: Reach = { below: false, listing: 'no', destination: false, anywhere: false }
const MEMBER: Reach = { ...TARGET, listing: 'yes' }
const BELOW: Reach = { ...TARGET, below: true }
/** Removes it, and with it all below (RFC 4918 §9.6.1). */
const REMOVED: Reach = { ...TARGET, below: true, listing: 'yes' }

const REACH: ReadonlyMap<string, Reach> = new Map([
  ['POST', { ...TARGET, listing: 'created' }],
  ['PUT', MEMBER],
  ['PATCH', MEMBER],
  ['DELETE', REMOVED],
  ['MKCOL', MEMBER],
  ['MKCALENDAR', MEMBER],
  ['MKWORKSPACE', MEMBER],
  ['MKACTIVITY', MEMBER],
  ['MKREDIRECTREF', MEMBER],
  ['UPDATEREDIRECTREF', MEMBER],
  ['PROPPATCH', MEMBER],
  // A lock on what is not there makes it, and its end may take it away again (RFC 4918 §7.3).
  ['LOCK', MEMBER],
  ['UNLOCK', MEMBER],
  // What stands at Destination is deleted first, with all below it, whatever Depth is (RFC 4918 §9.8.4).
  ['COPY', { ...TARGET, destination: true }],
  ['MOVE', { ...REMOVED, destination: true }],
  // Read access to a collection may have changed for all below it, too (RFC 3744 §5.5.3).
  ['ACL', BELOW],
  // Their content names the member that comes or goes (RFC 5842 §4, §5).
  ['BIND', BELOW],
  ['UNBIND', BELOW],
  ['REBIND', { ...BELOW, anywhere: true }],
  // They may bring other versions of all below (RFC 3253).
  ['BASELINE-CONTROL', BELOW],
  ['LABEL', BELOW],
  ['MERGE', BELOW],
  ['UNCHECKOUT', BELOW],
  ['UPDATE', BELOW],
])

/** What this method changes; of a method that is not known, its target. */
export function reachOf(method: string): Reach {
  return REACH.get(method) ?? TARGET
}
