import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteRefreshes } from '../../exchange/cache/refresh-results.ts'
import type { RefreshLine } from '../../watch/episodes/refresh-episodes.ts'
import { RefreshWatch } from './refresh-watch.ts'

test('threads are asked only when a refresh has failed, and from then on until all is well', async (t) => {
  let failed = 0
  let asked = 0
  let came = 0
  const said: RefreshLine[] = []
  const last = { at: 1000, reason: 'server-error', status: 500, url: 'http://a.test/' } as const
  const watch = new RefreshWatch({
    failed: () => failed,
    ask: async () => {
      asked++
      const one: RouteRefreshes = { route: 'shop', came, failed, last }
      return [[one], []]
    },
    say: (line) => void said.push(line),
  })
  t.after(() => watch.stop())
  await watch.look(500)
  assert.equal(asked, 0)
  failed = 1
  await Promise.all([watch.look(1500), watch.look(1500)])
  assert.equal(asked, 1)
  assert.match(said[0]?.message ?? '', /^the stale copies of route shop cannot .*The server answered with an error/)
  await watch.look(2500)
  came = 90_000
  await watch.look(91_500)
  assert.equal(asked, 3)
  assert.deepEqual(
    said.map(({ phase }) => phase),
    ['begin', 'end'],
  )
  await watch.look(92_500)
  assert.equal(asked, 3)
})
