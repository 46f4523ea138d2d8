/** One stored answer as operators see it: what selects it, and for how long it may be used. */

import { type Freshness, FreshnessFlag, isForOne } from '../../cache/freshness/freshness.ts'
import { ageAt } from '../../cache/freshness/reuse.ts'
import type { CacheSettings } from '../../cache/freshness/settings.ts'
import { shownChoice } from '../../cache/key/key-part.ts'
import { readText } from '../../cache/object/stored-object.ts'
import { withWeakTag } from '../../cache/serve/coding.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import type { StoredVariant } from '../../watch/admin/cache-control-port.ts'

/** `settings`: of its route. `now`: ms since the epoch. */
export function storedVariant(
  hold: PinnedObject,
  life: Freshness,
  settings: Pick<CacheSettings, 'graceUnderPressure'>,
  now: number,
): StoredVariant {
  const left = (until: number): number => seconds(life.ttl + until - ageAt(life, now))
  // A variant's key extends the primary key; the key of a coded form extends that of its original.
  const [plain = '', coding = null] = hold.key.split('\n\ne ')
  const [, variant = ''] = plain.split('\n\nv ')
  const text = readText(hold.headText(), hold)
  // A coded form has the head of its original, and is sent with another tag.
  const stored = coding === null ? text : withWeakTag(text)
  return {
    vary: chosenBy(variant.split('\n').slice(1)),
    coding,
    status: stored.status,
    size: hold.length,
    age: seconds(ageAt(life, now)),
    fresh: left(0),
    grace: left(life.grace),
    pressure: left(reachOf(life, settings)),
    neverStale: neverStale(life),
    keep: left(life.grace + life.keep),
    tags: stored.tags === '' ? [] : stored.tags.split(' '),
    etag: stored.etag === '' ? null : stored.etag,
  }
}

/** How long behind its ttl it may be used while the servers are full or fail, in ms; see usableWhenSaturated and usableOnError. */
function reachOf(life: Freshness, { graceUnderPressure }: Pick<CacheSettings, 'graceUnderPressure'>): number {
  if (neverStale(life) !== null) return 0
  const { grace, staleIfError } = life
  return Math.max(grace, staleIfError, isForOne(life) ? 0 : graceUnderPressure)
}

function neverStale(life: Freshness): StoredVariant['neverStale'] {
  if (life.has(FreshnessFlag.noCache)) return 'no-cache'
  return life.has(FreshnessFlag.mustRevalidate) ? 'must-revalidate' : null
}

function chosenBy(lines: readonly string[]): Record<string, string | null> {
  const vary: Record<string, string | null> = {}
  for (const line of lines) {
    const choice = shownChoice(line)
    if (choice === null) continue
    const [name, value] = choice
    const before = vary[name] ?? null
    vary[name] = before === null ? value : `${before}, ${value}`
  }
  return vary
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
