/** What the answer of a server means for the cache: it is stored, it renews what is stored, or it is passed on. */
import { lately, wall } from '../base/clock.ts'
import { controlOf } from '../cache/control.ts'
import { invalidatedBy } from '../cache/invalidate.ts'
import { ageAt, askOf, usableOnError } from '../cache/judge.ts'
import { ageOf, expire, Life, lifeOf } from '../cache/life.ts'
import { headSays, selectedBy, updatedLines } from '../cache/merge.ts'
import { isServerError } from '../cache/status.ts'
import { answersGet, type NotStored, whyNotStored } from '../cache/storable.ts'
import { KIND, putLife, REASON, readText, SLOT, type StoredText, textOf, variantKey } from '../cache/stored.ts'
import { linesForOne, linesToKeep, readStored } from '../cache/stored-head.ts'
import { validatorsOf } from '../cache/validators.ts'
import { variantOf } from '../cache/vary.ts'
import type { Draft } from '../store/draft.ts'
import type { Hold } from '../store/hold.ts'
import { CacheControl } from '../wire/cache-control.ts'
import { fieldList } from '../wire/field-list.ts'
import { Field } from '../wire/fields.ts'
import { BodyKind, type ResponseHead } from '../wire/head.ts'
import type { Caching } from './caching.ts'
import { formFor } from './coder.ts'
import { Fill } from './fill.ts'
import type { RouteCache } from './route-cache.ts'

/** How long nobody waits for a fetch of what turned out not to be shared, in ms; Varnish's uncacheable_ttl. */
const PASS = 120_000
/** After a refresh that failed: first and longest pause, in ms. */
const PAUSE = 1000
const LONGEST_PAUSE = 60_000

/** Reasons that lie in the request, so that the next one may well be stored. */
const OF_REQUEST: ReadonlySet<NotStored> = new Set([
  'method',
  'request-content',
  'request-no-store',
  'authorization',
  'not-modified',
  'partial',
  'interim',
  'incomplete',
])

// Used up within one call each.
const control = new CacheControl()
const fresh = new Life()

/** The server has answered. True: the cache has taken it; false: it is passed on. */
export function answered(c: Caching, head: ResponseHead): boolean {
  const x = c.x
  const way = c.way
  const now = wall()
  const role = c.role
  c.role = 'none'
  if (way === null) return false
  if (role === 'changes') {
    invalidate(c, way, head)
    if (!posted(c, way, head)) return false
  }
  if (role === 'asks') {
    freshen(c, way, head, now)
    return false
  }
  if (head.status === 304 && c.extra !== '' && c.stale !== null) return validated(c, way, head, now)
  if (
    isServerError(head.status) &&
    c.stale !== null &&
    (x.background || usableOnError(c.life, c.ask, way.settings, now))
  ) {
    setBack(c, now)
    handToFill(c, head, null)
    if (x.background) x.over(false, false)
    else c.serveStale(`status ${head.status}`)
    return true
  }
  controlOf(control, head, way.settings)
  received(c, fresh, way, head, now)
  let why: NotStored | 'too-large' | null = whyNotStored(x.head, c.ask, head, control, fresh, way.settings)
  if (why === null && head.contentLength > way.store.maxObject) why = 'too-large'
  if (why === null && keep(c, way, head, now)) return true
  way.notes.set(c.primary, { at: now, stored: false, reason: why ?? 'no-room' })
  x.world.tally.cached(c.result ?? 'miss')
  notStored(c, why, head.status, now)
  if (!x.background) return false
  handToFill(c, head, null)
  x.over(false, false)
  return true
}

/** Whether this is a response to POST that may be stored for GET; makes it a fetch under that key. */
function posted(c: Caching, way: RouteCache, head: ResponseHead): boolean {
  const { head: request, client, upload } = c.x
  if (request.method !== 'POST' || !upload.done || way.bypasses(request)) return false
  controlOf(control, head, way.settings)
  if (!answersGet(request, head, control)) return false
  c.primary = c.key = way.key(client.hop.proto, request)
  if (c.primary === '') return false
  c.ordered = way.bans.last
  c.result = 'miss'
  askOf(c.ask, request, control, way.settings)
  return true
}

/** `age`: of the message that came, where `head` is a merged one: no Age is stored. */
function received(c: Caching, into: Life, way: RouteCache, head: ResponseHead, now: number, age = ageOf(head)): void {
  const { sentAt, head: request } = c.x
  const asked = now - Math.max(0, lately() - sentAt)
  const authorized = request.has(Field.authorization)
  lifeOf(into, head, control, { asked, answered: now, age, authorized }, way.settings)
}

/** Stores what comes, and serves from there. False: the store has no room. */
function keep(c: Caching, way: RouteCache, head: ResponseHead, now: number): boolean {
  const x = c.x
  const names = way.choosers(head)
  if (!draftFor(c, way, names)) return false
  const draft = c.draft!
  const tags = tagsOf(head)
  const { etag, lastModified, date } = validatorsOf(head, now)
  const { status, reason } = head
  const length = head.bodyKind === BodyKind.none ? 0 : head.contentLength
  const stored: StoredText = {
    status,
    reason,
    etag,
    lastModified,
    date,
    tags,
    fields: linesToKeep(head, control, now),
  }
  fill(draft, fresh, stored, length, c.ordered)
  if (length > 0) draft.expect(length)
  if (!draft.head(textOf(stored))) return false
  const hold = x.background ? null : draft.read()
  if (hold === null && !x.background) return false
  way.notes.set(c.primary, { at: now, stored: true, reason: 'stored' })
  Object.assign(c.life, fresh)
  c.draft = null
  const { world } = x
  const { key, primary } = c
  const own = linesForOne(head, control)
  const filling = handToFill(c, head, draft)
  if (hold === null) {
    const { stale } = c
    c.stale = null
    filling.onEnd = (whole) => {
      if (!whole) pause(stale, wall())
      stale?.release()
    }
    x.over(false, false)
    return true
  }
  filling.onRefused = () => {
    way.notes.set(primary, { at: wall(), stored: false, reason: length < 0 ? 'too-large' : 'no-room' })
    if (length < 0) markPass(way, key, wall())
    if (hold.object === 0) return false
    x.delivery.goOnFrom(filling)
    return true
  }
  x.firstByteAt = lately()
  // What this read brought is in the store before the client is answered: mostly that is all of it.
  filling.onMore = () => {
    filling.onMore = null
    if (hold.object === 0) return
    try {
      served(c, hold, now, own)
    } catch (error) {
      world.defect(error)
      x.over(false, true)
    }
  }
  c.waiting = hold
  return true
}

/** `own`: lines for this client alone. */
function served(c: Caching, hold: Hold, now: number, own: string): void {
  c.waiting = null
  c.detail = null
  const x = c.x
  x.world.tally.cached('miss')
  const form = formFor(c.way!, hold, x.head, c.conditions)
  const age = Math.floor(ageAt(c.life, now) / 1000)
  const out = { age, cacheStatus: c.statusOf(now, -1), extra: own }
  c.letGo()
  c.role = 'none'
  x.delivery.start(form.hold, form.stored, form.conditions, out, now)
}

/** Has a draft under the key that a response with this Vary belongs to. */
function draftFor(c: Caching, way: RouteCache, names: readonly string[]): boolean {
  const same = c.names !== null && names.join('\n') === c.names.join('\n')
  if (names.length === 0 ? c.names === null : same) {
    c.draft ??= way.store.lead(c.key)
    return c.draft !== null
  }
  if (c.key !== c.primary) {
    c.draft?.abandon(REASON.elsewhere)
    c.draft = null
    c.key = c.primary
  }
  c.draft ??= way.store.lead(c.primary)
  if (c.draft === null || names.length === 0) return c.draft !== null
  const generation = Math.floor(Math.random() * 2 ** 48)
  const key = variantKey(c.primary, generation, variantOf(names, c.x.head))
  // Ours before anybody can know of it: once the others see by what it varies, one of them could be quicker.
  const draft = way.store.lead(key)
  c.draft.kind = KIND.varies
  c.draft.setMeta(SLOT.generation, generation)
  if (draft === null || !c.draft.head(names.join('\n'))) {
    draft?.abandon(REASON.failed)
    return false
  }
  c.draft.finish()
  c.names = names
  c.key = key
  c.draft = draft
  return true
}

/** Leaves a mark, so that nobody waits for the next fetch of what is not to be shared. */
function notStored(c: Caching, why: NotStored | 'too-large' | null, status: number, now: number): void {
  c.detail = why
  const draft = c.draft
  c.draft = null
  if (draft === null) return
  if (why === null || status >= 500 || (why !== 'too-large' && OF_REQUEST.has(why))) {
    return draft.abandon(REASON.notStored)
  }
  pass(draft, now)
}

function pass(draft: Draft, now: number): void {
  draft.kind = KIND.pass
  draft.setMeta(SLOT.until, now + PASS)
  if (draft.head('')) draft.finish()
  else draft.abandon(REASON.notStored)
}

/** The same for a response whose length was not known before: it was in the store already, as far as it came. */
function markPass(way: RouteCache, key: string, now: number): void {
  const draft = way.store.lead(key)
  if (draft !== null) pass(draft, now)
}

/** The stale copy is still right (RFC 9111 §4.3.3, §4.3.4). */
function validated(c: Caching, way: RouteCache, head: ResponseHead, now: number): boolean {
  const x = c.x
  const stale = c.stale!
  const stored = readText(stale.headText(), stale)
  controlOf(control, head, way.settings)
  let hold: Hold | null = stale
  let why: NotStored | 'other-validator' | null = 'other-validator'
  if (selectedBy([stored], validatorsOf(head, now)).length > 0) {
    const fields = updatedLines(stored.fields, head, control, way.settings, now)
    const merged = readStored({ ...stored, fields })
    controlOf(control, merged, way.settings)
    received(c, fresh, way, merged, now, ageOf(head))
    const { etag, lastModified, date } = validatorsOf(merged, now)
    // What has become no-store or private may be used for who asked, and is not kept for others (§3).
    why = whyNotStored(x.head, c.ask, merged, control, fresh, way.settings)
    if (why !== null && !OF_REQUEST.has(why)) way.store.removeHeld(stale)
    const draft = why !== null ? null : (c.draft ?? way.store.lead(c.key))
    if (why === null) c.draft = null
    if (draft !== null) {
      const content = stale.meta(SLOT.content)
      fill(draft, fresh, { ...stored, etag, lastModified, date, fields }, stale.length, c.ordered, content)
      if (draft.head(textOf({ ...stored, etag, lastModified, date, fields })) && draft.adopt(stale)) {
        if (!x.background) hold = draft.read() ?? stale
        draft.finish()
        Object.assign(c.life, fresh)
      } else draft.abandon(REASON.failed)
    }
  }
  handToFill(c, head, null)
  if (x.background) {
    x.over(false, false)
    return true
  }
  if (hold === stale) c.stale = null
  c.serve(hold, 'revalidated', now, why)
  return true
}

/** The rest of the response goes there, with the connection and the slot. */
function handToFill(c: Caching, head: ResponseHead, draft: Draft | null): Fill {
  const x = c.x
  const { origin, route, server, slot } = x
  if (origin === null || route === null || server === null) throw new Error('an answer without a server')
  x.origin = null
  x.slot = null
  const { timeouts } = route.pool.config
  const deadline = timeouts.total > 0 ? lately() + timeouts.total : 0
  x.status = head.status
  return new Fill({ origin, idle: route.pool.idle[server.index]!, slot, timeouts, deadline }, x.world.wheel, draft)
}

/** A refresh came to nothing: what is stored stays, and the next try waits, longer each time. */
export function setBack(c: Caching, now: number): void {
  pause(c.stale, now)
}

function pause(stale: Hold | null, now: number): void {
  if (stale === null) return
  const failures = stale.meta(SLOT.failures) + 1
  stale.setMeta(SLOT.failures, failures)
  stale.setMeta(SLOT.retry, now + Math.min(LONGEST_PAUSE, PAUSE * 2 ** Math.min(failures - 1, 10)))
}

/** An unsafe request has changed something (RFC 9111 §4.4). */
function invalidate(c: Caching, way: RouteCache, response: ResponseHead): void {
  const { head, client } = c.x
  for (const path of invalidatedBy(client.hop.proto, head, response)) {
    const key = way.key(client.hop.proto, head, path)
    if (key !== '') way.store.remove(key)
  }
}

/** What a HEAD says of the stored response to GET (RFC 9111 §4.3.5). */
function freshen(c: Caching, way: RouteCache, head: ResponseHead, now: number): void {
  const hold = c.stale
  if (hold === null) return
  const stored = readText(hold.headText(), hold)
  switch (headSays(stored, hold.length, head, now)) {
    case 'changed':
      expire(c.life, now)
      putLife(c.life, hold)
      break
    case 'same': {
      controlOf(control, head, way.settings)
      const fields = updatedLines(stored.fields, head, control, way.settings, now)
      const merged = readStored({ ...stored, fields })
      controlOf(control, merged, way.settings)
      if ((control.noStore && !control.mustUnderstand) || control.isPrivate) {
        way.store.removeHeld(hold)
        break
      }
      received(c, fresh, way, merged, now, ageOf(head))
      const { etag, lastModified, date } = validatorsOf(merged, now)
      const [ban, content] = [hold.meta(SLOT.ban), hold.meta(SLOT.content)]
      const numbers = numbersOf(fresh, { ...stored, date }, hold.length, ban, content)
      way.store.replaceHead(hold, textOf({ ...stored, etag, lastModified, date, fields }), numbers)
      break
    }
  }
  c.stale = null
  hold.release()
}

function fill(draft: Draft, life: Life, stored: StoredText, length: number, ordered: number, content = unique()): void {
  draft.kind = KIND.response
  const numbers = numbersOf(life, stored, length, ordered, content)
  for (let i = 0; i < numbers.length; i++) draft.setMeta(i, numbers[i]!)
}

/** A number that nothing else has. */
function unique(): number {
  return 1 + Math.floor(Math.random() * 2 ** 48)
}

function numbersOf(life: Life, stored: StoredText, length: number, ordered: number, content: number): number[] {
  const numbers: number[] = []
  putLife(life, {
    setMeta: (i, value) => {
      numbers[i] = value
    },
  })
  numbers[SLOT.status] = stored.status
  numbers[SLOT.date] = stored.date
  numbers[SLOT.length] = length
  numbers[SLOT.ban] = ordered
  numbers[SLOT.retry] = numbers[SLOT.failures] = 0
  numbers[SLOT.content] = content
  numbers[SLOT.version] = unique()
  return numbers
}

/** The tags by which a response can be purged: Surrogate-Key and xkey are separated by spaces, Cache-Tag by commas. */
function tagsOf(head: ResponseHead): string {
  const tags = new Set<string>()
  for (const name of ['surrogate-key', 'xkey', 'cache-tag']) {
    for (const tag of (fieldList(head, name) ?? '').split(/[\s,]+/)) if (tag !== '') tags.add(tag)
  }
  return [...tags].join(' ')
}
