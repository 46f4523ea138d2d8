/**
 * Why an answer was stored or not, and what an operator can do about it: the one table that the admin API, `headgate ctl`
 * and the documentation are made from. Every noted reason is from here, or it is a cause, whose own row says it.
 */
import { type Cause, rowOf } from '../../base/cause.ts'

/** What one reason means. */
export interface ReasonRow {
  /** One sentence. */
  readonly says: string
  /** What to do about it, or where it was meant so; '' where there is nothing to do. */
  readonly fix: string
}

type Rows = Readonly<Record<string, ReasonRow>>

/** It is stored. */
export const isStored = {
  stored: { says: 'It is stored.', fix: '' },
  validated: { says: 'The server said that what is stored is still right (304), and it goes on living.', fix: '' },
} as const satisfies Rows

/** What whyNotStored finds in a request and its answer. */
export const notStored = {
  method: {
    says: 'Only answers to GET are stored.',
    fix: 'Have clients use GET for what is to be stored.',
  },
  'request-content': {
    says: 'The request had content, and the answer may depend on it.',
    fix: 'Have the client send GET without content.',
  },
  'request-no-store': {
    says: 'The client said Cache-Control: no-store.',
    fix: 'The next client that does not say so has it stored.',
  },
  interim: {
    says: 'The status is an interim one (1xx).',
    fix: 'The final answer of the server is what counts.',
  },
  endless: {
    says: 'The answer never ends, by its Content-Type (text/event-stream and what streams.types of the pool names).',
    fix: 'Nothing: each client has a stream of its own.',
  },
  partial: {
    says: 'The answer is a part of something (206).',
    fix: 'Nothing: once the whole is stored, parts are served from it.',
  },
  conditional: {
    says: 'The answer is about conditions or ranges of this very request (412, 416).',
    fix: 'Nothing: the next request without them may be stored.',
  },
  'not-modified': {
    says: 'A 304 answers the question of this client alone, and updates nothing that is stored.',
    fix: 'Nothing: the next request without conditions may be stored.',
  },
  'no-store': {
    says: 'The server said no-store.',
    fix: 'If others may have it, have the server say for how long instead: Cache-Control: max-age=60.',
  },
  unreadable: {
    says: 'What the server says of caching cannot be read: a time that is no number or stands there twice with two values, an Expires that is no date, or a Cache-Control that is no list.',
    fix: 'Correct Cache-Control or Expires at the server, for example to Cache-Control: max-age=60.',
  },
  status: {
    says: 'The server said must-understand, and the status is not one that Headgate knows the rules of.',
    fix: 'Have the server leave out must-understand, or answer with a status of RFC 9110.',
  },
  private: {
    says: 'The server said private: the answer is for one user.',
    fix: 'If it is the same for all, have the server leave out private.',
  },
  authorization: {
    says: 'The request had Authorization, and the server did not say public, s-maxage or must-revalidate.',
    fix: 'If all users may have the answer, have the server say public.',
  },
  'set-cookie': {
    says: 'The answer sets a cookie, and server and route do not both allow it to be stored nevertheless.',
    fix: 'Have the server set the cookie elsewhere, or say public, with setCookie: when-public on the route.',
  },
  'vary-any': {
    says: 'The server said Vary: *, or a Vary that is no list of names or has too many: no other request is known to match.',
    fix: 'Have the server name the few fields that the answer depends on.',
  },
  'vary-own': {
    says: 'Vary names a field that Headgate writes or takes out itself, such as X-Forwarded-For, Via or Cache-Control, so that the client does not say what the server saw.',
    fix: 'Have the server leave that field out of Vary.',
  },
  route: {
    says: 'The route says for this status that nothing is stored (ttl 0).',
    fix: 'Change ttl of the route if it is to be stored.',
  },
  'no-freshness': {
    says: 'Nothing says how long it is fresh, and its status does not allow a guess.',
    fix: 'Have the server send Cache-Control: max-age=60, or set ttl for this status on the route.',
  },
  'says-nothing': {
    says: 'The server says nothing of how long it is fresh, and it cannot be validated: there is no ETag or Last-Modified, or keep is 0.',
    fix: 'Have the server send Cache-Control: max-age=60, or set defaultTtl or ttl on the route.',
  },
  'stale-at-once': {
    says: 'It is stale when it comes (max-age=0, an Expires in the past, or an Age or Date too old), and nothing allows to use or to validate it later.',
    fix: 'Have the server say a longer time or send an ETag, or set ttl on the route; look at its clock if it is Date.',
  },
  'no-cache': {
    says: 'The server said no-cache, and there is no ETag or Last-Modified to ask again with.',
    fix: 'Have the server send an ETag, or say how long it is fresh instead.',
  },
} as const satisfies Rows

/** What passed the cache by, whatever an answer would have said. */
export const passedBy = {
  bypass: {
    says: 'The request passed the cache by: bypass of the route names its path, a field or a cookie of it; or a server may take its path for one of another route; or it has content, asks for an upgrade, names fields in Connection, or is too long for a key.',
    fix: 'Narrow bypass on the route if this request is to be served from the cache.',
  },
  'for-server': {
    says: 'The request has If-Match or If-Unmodified-Since, which only the server may judge.',
    fix: 'Nothing: other requests are served from the cache.',
  },
  'request-no-store': notStored['request-no-store'],
} as const satisfies Rows

/** What comes of an answer, or of its fetch, that could have been stored otherwise. */
const cameToNothing = {
  'too-large': {
    says: 'It is larger than one object may be.',
    fix: 'Raise cache.maxObject, and cache.size with it where headgate check says so.',
  },
  'no-room': {
    says: 'There was no room in the cache: what is in use just now cannot be evicted.',
    fix: 'Raise cache.size.',
  },
  elsewhere: {
    says: 'Another request was storing the same at that moment.',
    fix: 'Nothing: what that one brought is stored.',
  },
  incomplete: {
    says: 'The connection ended before the answer was complete.',
    fix: 'Look at the server: it broke off, or took longer than the timeouts of its pool allow.',
  },
  outdated: {
    says: 'It was asked for before an order to remove it, and came after that.',
    fix: 'Nothing: the next answer may be stored.',
  },
  'other-vary': {
    says: 'The server said that what is stored is still right, but named other fields in Vary than before, so that it was removed.',
    fix: 'Have the server send the same Vary with each answer for this URL, 304 included.',
  },
  'server-error': {
    says: 'The server answered with an error or wants fewer requests, and what was stored before stays.',
    fix: 'Look at the server; grace and graceUnderPressure of the route say how long the copy helps.',
  },
} as const satisfies Rows

/** Every reason but the causes. */
export const reasons = { ...isStored, ...notStored, ...passedBy, ...cameToNothing } as const

/** Why an answer was stored or not. A cause: there was none, as the exchange failed. */
export type StoreDecision = keyof typeof reasons | Cause

/** Its sentence and remedy. */
export function explained(reason: StoreDecision): ReasonRow {
  if (isOf(reasons, reason)) return reasons[reason]
  const { sentence, advice } = rowOf(reason)
  return { says: sentence, fix: advice }
}

/** Whether a reason is one of this part of the table. */
export function isOf<T extends Rows>(rows: T, reason: StoreDecision): reason is Extract<keyof T, StoreDecision> {
  return Object.hasOwn(rows, reason)
}

/** The table in Markdown, for the documentation. */
export function reasonsTable(): string {
  const rows = Object.entries(reasons)
    .filter(([token]) => !Object.hasOwn(isStored, token))
    .map(([token, { says, fix }]) => `| \`${token}\` | ${says} | ${fix} |`)
  return ['| Reason | What it means | What to do |', '|---|---|---|', ...rows].join('\n')
}
