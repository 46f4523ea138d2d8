/** What the cache takes from an exchange whose server has answered: how long the answer lives, and the connection it comes by. */
import { lately } from '../../base/clock.ts'
import { ageOf, type Freshness, freshnessOf } from '../../cache/freshness/freshness.ts'
import type { NotStored } from '../../cache/object/storable.ts'
import { AbandonReason } from '../../cache/object/stored-object.ts'
import type { Draft } from '../../store/draft.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import type { CacheControl } from '../../wire/http/cache-control.ts'
import { Field } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/head.ts'
import type { ExchangeContext } from '../context.ts'
import type { CachePart } from './cache-part.ts'
import { neverEnds } from './endless.ts'
import { Fill } from './fill.ts'
import { backOff, postpone } from './refresh-backoff.ts'
import type { RouteCache } from './route-cache.ts'

/** Reasons that lie in the request, so that the next one may well be stored. */
export const OF_REQUEST: ReadonlySet<string> = new Set<NotStored>([
  'method',
  'request-content',
  'request-no-store',
  'authorization',
  'conditional',
  'not-modified',
  'partial',
  'interim',
])

/** A fetch in the background for what is stale has ended. If not well, the reason has been noted for its primary key. */
export function refreshEnded({ x, lookup }: CachePart, ok: boolean): void {
  noteRefresh(x.context, lookup.routeCache, lookup.primary, ok)
}

/** The same where the exchange may be over by now. `key`: its primary key. */
export function noteRefresh(context: ExchangeContext, routeCache: RouteCache, key: string, ok: boolean): void {
  context.counters.refreshed(ok)
  if (!ok) routeCache.notes.refreshFailed(key)
}

/** A refresh brought what cannot be stored: the next one waits. Its server is well, where that lies in the request. */
export function notRefreshed(stale: PinnedObject, why: string | null, now: number): void {
  if (why !== null && OF_REQUEST.has(why)) postpone(stale, now)
  else backOff(stale, now)
}

/**
 * Fills `into` with the freshness of the response that has just come.
 * @param control of `head`
 * @param age of the message that came, where `head` is a merged one: no Age is stored
 */
export function freshnessOfAnswer(
  c: CachePart,
  into: Freshness,
  head: ResponseHead,
  control: CacheControl,
  now: number,
  age = ageOf(head),
): void {
  const { head: request, attempt } = c.x
  const asked = now - (attempt === null ? 0 : Math.max(0, lately() - attempt.sentAt))
  const authorized = request.has(Field.authorization)
  freshnessOf(into, head, control, { asked, answered: now, age, authorized }, c.lookup.routeCache.settings)
}

/**
 * Takes the draft for the response: its own, or one of now, which no removal can have taken away. Null: there is no room,
 * another exchange is fetching it, or the response was asked for before the key was removed.
 */
export function draftOf(c: CachePart, key: string): Draft | null {
  const own = c.takeDraft()
  if (own !== null) return own
  const draft = c.lookup.routeCache.store.lead(key)
  // In this order: a removal from now on takes the draft away.
  if (draft === null || !c.lookup.outdated) return draft
  draft.abandon(AbandonReason.untried)
  return null
}

/** The rest of the response goes there, with the connection and the slot; null: it is read and dropped. */
export function handToFill(c: CachePart, head: ResponseHead, draft: Draft | null): Fill {
  const x = c.x
  const attempt = x.handOverAttempt()
  const { route, server } = attempt
  // If no client waits for the response, the request is over on its route when it is over at the server.
  if (x.background) attempt.carry(x.admission.takeRoutePermit())
  x.ending.answer(head.status)
  const { occupants, wheel } = x.context
  const { method, path } = x.head
  const taken = {
    attempt,
    deadline: x.deadlines.total,
    occupants,
    of: { route, server, method, path },
    generation: x.listener.generation,
  }
  const fill = new Fill(taken, wheel, draft)
  if (draft === null && neverEnds(route, head)) fill.drop()
  return fill
}
