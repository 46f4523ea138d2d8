import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { get } from '../../../test/kit/heads.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { Freshness, FreshnessFlag } from './freshness.ts'
import {
  canBecomeShareable,
  isShareable,
  RequestDirectives,
  type Reusability,
  readRequestDirectives,
  reusabilityOf,
  shownAge,
  usableOnError,
  usableWhenSaturated,
} from './reuse.ts'

/** Fresh to 60 s, grace to 90 s, for errors to 100 s, kept to 190 s. */
function life(of: Partial<Freshness> = {}): Freshness {
  return Object.assign(
    new Freshness(),
    { born: 0, ttl: 60_000, grace: 30_000, keep: 100_000, staleIfError: 40_000 },
    of,
  )
}

function ask(...lines: readonly string[]): RequestDirectives {
  const into = new RequestDirectives()
  into.maxAge = 5
  into.noCache = true
  readRequestDirectives(into, get(...lines), new CacheControl(), { requestDirectives: 'obey' })
  return into
}

const cc = (directives: string): RequestDirectives => ask(`Cache-Control: ${directives}`)
const nothing = ask()
/** The operator allows nothing for bad times. */
const none = { graceUnderPressure: 0 }
const reusability = (seconds: number, asked: RequestDirectives = nothing, of: Freshness = life()): Reusability =>
  reusabilityOf(of, asked, seconds * 1000)

it('is fresh while its lifetime is greater than its age (RFC 9111 §4.2)', () => {
  assert.equal(reusability(0), 'fresh')
  assert.equal(reusability(59.999), 'fresh')
  assert.equal(reusability(60), 'grace')
  assert.equal(reusability(89.999), 'grace')
  assert.equal(reusability(90), 'stale')
  assert.equal(reusability(189.999), 'stale')
  assert.equal(reusability(190), 'gone')
  assert.equal(reusability(-100), 'fresh')
})

it('is never used stale against must-revalidate and its kin (§4.2.4)', () => {
  const must = life({ flags: FreshnessFlag.mustRevalidate })
  assert.equal(reusability(59, nothing, must), 'fresh')
  for (const asked of [nothing, cc('max-stale'), cc('max-stale=1000')])
    assert.equal(reusability(60, asked, must), 'stale')
  assert.equal(usableOnError(must, nothing, none, 60_000), false)
  assert.equal(usableOnError(must, nothing, none, 59_000), true)
  assert.equal(usableWhenSaturated(must, nothing, { graceUnderPressure: 1e9 }, 1, 60_000), false)
})

it('is never used without asking against no-cache, fresh or not (§5.2.2.4)', () => {
  const never = life({ flags: FreshnessFlag.noCache })
  for (const seconds of [0, 59, 70]) {
    assert.equal(reusability(seconds, cc('max-stale'), never), 'stale')
    assert.equal(usableOnError(never, nothing, none, seconds * 1000), false)
    assert.equal(usableWhenSaturated(never, nothing, { graceUnderPressure: 1e9 }, 1, seconds * 1000), false)
  }
})

it('obeys max-age of the request (§5.2.1.1)', () => {
  assert.equal(reusability(10, cc('max-age=10')), 'fresh')
  assert.equal(reusability(10.001, cc('max-age=10')), 'stale')
  assert.equal(reusability(70, cc('max-age=80')), 'stale')
  assert.equal(reusability(70, cc('max-age=80, max-stale=15')), 'grace')
  assert.equal(reusability(81, cc('max-age=80, max-stale=150')), 'stale')
})

it('does not ask again for what is immutable because of max-age, but because of no-cache (RFC 8246 §2)', () => {
  const immutable = life({ flags: FreshnessFlag.immutable })
  assert.equal(reusability(10, cc('max-age=0'), immutable), 'fresh')
  assert.equal(reusability(10, cc('no-cache'), immutable), 'stale')
  assert.equal(reusability(60, cc('max-age=0'), immutable), 'stale')
})

it('obeys min-fresh (§5.2.1.3)', () => {
  assert.equal(reusability(50, cc('min-fresh=10')), 'fresh')
  assert.equal(reusability(50.001, cc('min-fresh=10')), 'stale')
  assert.equal(reusability(70, cc('min-fresh=1')), 'stale')
})

it('obeys max-stale, to both sides (§5.2.1.2)', () => {
  assert.equal(reusability(69, cc('max-stale=10')), 'grace')
  assert.equal(reusability(71, cc('max-stale=10')), 'stale')
  assert.equal(reusability(139, cc('max-stale=80')), 'grace')
  assert.equal(reusability(189, cc('max-stale')), 'grace')
  assert.equal(reusability(190, cc('max-stale')), 'gone')
})

it('uses what was never fresh only as its server allows', () => {
  const first = life({ ttl: 0, grace: 0 })
  assert.equal(reusability(0, nothing, first), 'stale')
  assert.equal(reusability(0, cc('max-stale'), first), 'stale')
  assert.equal(
    usableOnError(life({ ttl: 0, grace: 0, staleIfError: 0 }), cc('max-stale, stale-if-error=9'), none, 0),
    false,
  )
  assert.equal(usableOnError(life({ ttl: 0, staleIfError: 5000 }), nothing, none, 4000), true)
  assert.equal(usableWhenSaturated(first, nothing, { graceUnderPressure: 1e9 }, 1, 0), false)
})

it('obeys no-cache, and Pragma where there is no Cache-Control (§5.2.1.4, §5.4)', () => {
  assert.equal(reusability(1, cc('no-cache')), 'stale')
  assert.equal(reusability(1, ask('Pragma: x, No-Cache')), 'stale')
  assert.equal(reusability(1, ask('Pragma: no-cache', 'Cache-Control: max-age=60')), 'fresh')
  assert.equal(reusability(1, ask('Pragma: no-cached')), 'fresh')
})

it('may use what is stored for a request with no-store (§5.2.1.5)', () => {
  const asked = cc('no-store, only-if-cached')
  assert.equal(reusability(1, asked), 'fresh')
  assert.equal(asked.noStore, true)
  assert.equal(asked.onlyIfCached, true)
})

it('hears only no-store, no-transform and only-if-cached where the route ignores requests', () => {
  const into = new RequestDirectives()
  const head = get(
    'Cache-Control: no-cache, no-store, no-transform, only-if-cached, max-age=0, min-fresh=5, max-stale, stale-if-error=5',
  )
  readRequestDirectives(into, head, new CacheControl(), { requestDirectives: 'ignore' })
  assert.deepEqual(
    into,
    Object.assign(new RequestDirectives(), { noStore: true, noTransform: true, onlyIfCached: true }),
  )
  readRequestDirectives(into, get('Pragma: no-cache'), new CacheControl(), { requestDirectives: 'ignore' })
  assert.deepEqual(into, new RequestDirectives())
})

it('is used on an error while grace or stale-if-error lasts, of server or client (RFC 5861 §4)', () => {
  const usable = (seconds: number, asked: RequestDirectives = nothing): boolean =>
    usableOnError(life(), asked, none, seconds * 1000)
  assert.equal(usable(99.999), true)
  assert.equal(usable(100), false)
  assert.equal(usable(100, cc('stale-if-error=50')), true)
  assert.equal(usable(110, cc('stale-if-error=50')), false)
  assert.equal(usable(100, cc('max-stale')), true)
  assert.equal(usable(70, cc('max-age=0')), true)
  assert.equal(usable(10, cc('no-cache')), false)
})

it('has a grace that grows with the pressure up to its bound', () => {
  const usable = (seconds: number, pressure: number, of: Freshness = life()): boolean =>
    usableWhenSaturated(of, nothing, { graceUnderPressure: 130_000 }, pressure, seconds * 1000)
  assert.deepEqual([usable(89.9, 0), usable(90, 0)], [true, false])
  assert.deepEqual([usable(139.9, 0.5), usable(140, 0.5)], [true, false])
  assert.deepEqual([usable(189.9, 1), usable(190, 1)], [true, false])
  assert.deepEqual([usable(189.9, 7), usable(190, 7), usable(90, -7)], [true, false, false])
  assert.deepEqual(
    [
      usable(89, 1, life({ flags: FreshnessFlag.authorized })),
      usable(91, 1, life({ flags: FreshnessFlag.authorized })),
    ],
    [true, false],
  )
})

it('never makes grace shorter by pressure, and hears no-cache but no ages', () => {
  assert.equal(usableWhenSaturated(life(), nothing, { graceUnderPressure: 0 }, 1, 89_000), true)
  assert.equal(usableWhenSaturated(life(), cc('max-age=0, min-fresh=99'), { graceUnderPressure: 0 }, 1, 89_000), true)
  assert.equal(usableWhenSaturated(life(), cc('no-cache'), { graceUnderPressure: 0 }, 1, 1000), false)
})

it('never becomes better with time, and never is of use once it is gone', () => {
  const order: readonly Reusability[] = ['fresh', 'grace', 'stale', 'gone']
  const time = fc.nat(200)
  fc.assert(
    fc.property(time, time, time, time, fc.nat(15), time, time, (ttl, grace, keep, sie, flags, early, later) => {
      const of = life({ ttl, grace, keep, staleIfError: sie, flags })
      const first = order.indexOf(reusabilityOf(of, nothing, Math.min(early, later)))
      assert.ok(first <= order.indexOf(reusabilityOf(of, nothing, Math.max(early, later))))
      if ((flags & (FreshnessFlag.mustRevalidate | FreshnessFlag.noCache)) !== 0 && early >= ttl) {
        assert.ok(['stale', 'gone'].includes(reusabilityOf(of, cc('max-stale'), early)))
      }
    }),
    { numRuns: 500 },
  )
})

it('is used when its server fails for as long as the operator allows for bad times, unless the server named a time itself (RFC 5861 §4)', () => {
  const hour = { graceUnderPressure: 3_600_000 }
  const usable = (of: Freshness, seconds: number): boolean => usableOnError(of, nothing, hour, seconds * 1000)
  assert.equal(usable(life(), 60 + 3599), true)
  assert.equal(usable(life(), 60 + 3600), false)
  assert.equal(usable(life({ flags: FreshnessFlag.errorStated }), 60 + 39), true)
  assert.equal(usable(life({ flags: FreshnessFlag.errorStated }), 60 + 40), false)
  assert.equal(usable(life({ flags: FreshnessFlag.mustRevalidate }), 61), false)
  assert.equal(usable(life({ flags: FreshnessFlag.authorized, grace: 0, staleIfError: 0 }), 61), false)
})

it('is for those who waited for it as long as it would be served from the store: fresh, or within grace', () => {
  const forMany = (seconds: number, of: Partial<Freshness> = {}): boolean => isShareable(life(of), seconds * 1000)
  assert.deepEqual(
    [forMany(0), forMany(59), forMany(89.9), forMany(90), forMany(189)],
    [true, true, true, false, false],
  )
  assert.equal(forMany(0, { flags: FreshnessFlag.noCache }), false)
  assert.deepEqual(
    [0, 59, 60].map((at) => forMany(at, { flags: FreshnessFlag.mustRevalidate })),
    [true, true, false],
  )
  assert.equal(forMany(0, { ttl: 0, grace: 0 }), false)
  assert.equal(forMany(0, { ttl: 0 }), true, 'its server said so itself')
})

it('can never be for others when it was never fresh and has no grace, or needs its server each time', () => {
  assert.equal(canBecomeShareable(life()), true)
  assert.equal(canBecomeShareable(life({ ttl: 0 })), true)
  assert.equal(canBecomeShareable(life({ ttl: 0, grace: 0 })), false)
  assert.equal(canBecomeShareable(life({ ttl: 0, grace: 0, staleIfError: 9000 })), false)
  assert.equal(canBecomeShareable(life({ flags: FreshnessFlag.noCache })), false)
  // It has become stale, but the next one may be fresh again.
  assert.equal(canBecomeShareable(life({ born: -1e9, flags: FreshnessFlag.mustRevalidate, grace: 0 })), true)
})

it('is for many only if it can be', () => {
  const time = fc.nat(200)
  fc.assert(
    fc.property(time, time, time, fc.nat(15), time, (ttl, grace, keep, flags, at) => {
      const of = life({ ttl, grace, keep, flags })
      assert.ok(!isShareable(of, at) || canBecomeShareable(of))
      assert.ok(!isShareable(of, at) || ['fresh', 'grace'].includes(reusabilityOf(of, nothing, at)))
    }),
    { numRuns: 500 },
  )
})

it('tells the age in whole seconds, and none of what was made or validated just now (§5.1)', () => {
  const told = (ms: number): number[] => [false, true].map((anew) => shownAge(life(), ms, anew))
  assert.deepEqual([0, 999, -5000].map(told), Array(3).fill([0, -1]))
  assert.deepEqual([1000, 7999].map(told), [
    [1, 1],
    [7, 7],
  ])
})
