import assert from 'node:assert/strict'
import { test } from 'node:test'
import { added, RefreshResults } from './refresh-results.ts'
import { StoreNotes } from './store-notes.ts'

const page = 'shop\nhttps\na.test\n/page?1'

test('a refresh that failed is told by its route, with the URL and what was noted last', () => {
  const notes = new StoreNotes()
  const { refreshes } = notes
  notes.note(page, 'stored', 1)
  notes.note(page, 'server-error', 2, 503)
  notes.refreshFailed(page)
  notes.note('api\nhttp\n*\n/x', 'connect_refused', 3)
  notes.note(page, 'first_byte_timeout', 4)
  notes.refreshFailed('api\nhttp\n*\n/x')
  notes.refreshFailed(page)
  notes.note(page, 'bypass', 5)
  assert.deepEqual(refreshes.all, [
    {
      route: 'shop',
      came: 1,
      failed: 2,
      last: { at: 4, reason: 'first_byte_timeout', status: 0, url: 'https://a.test/page?1' },
    },
    { route: 'api', came: 0, failed: 1, last: { at: 3, reason: 'connect_refused', status: 0, url: null } },
  ])
  notes.note(page, 'validated', 6)
  assert.equal(refreshes.all[0]?.came, 6)
})

test('what is not to be stored any more is no copy that stays stale', () => {
  const refreshes = new RefreshResults()
  for (const reason of ['private', 'no-store', 'elsewhere', 'pool_full'] as const)
    refreshes.failed(page, { at: 1, reason, status: 0 })
  assert.deepEqual(refreshes.all, [])
})

test('what threads tell of one route is added up, and the newest failure counts', () => {
  const failure = (at: number) => ({ at, reason: 'server-error', status: 500 + at, url: null }) as const
  const one = { route: 'shop', came: 5, failed: 2, last: failure(3) }
  const two = { route: 'shop', came: 4, failed: 1, last: failure(4) }
  const three = { route: 'shop', came: 6, failed: 0, last: null }
  const other = { route: 'api', came: 1, failed: 0, last: null }
  assert.deepEqual(added([[one, other], [two], [three]]), [
    { route: 'shop', came: 6, failed: 3, last: failure(4) },
    other,
  ])
  assert.deepEqual(added([]), [])
})
