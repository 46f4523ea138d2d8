/** The removals that are kept: what is pending is never lost, and what has been carried out makes way for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RemovalLog } from './removal-log.ts'
import type { RemovalSubject } from './removal-subject.ts'
import { type Named, partsOf, Removals } from './removals.ts'

const url = (path: string): Named => ({ kind: 'targets', targets: [`shop\nhttp\nshop.test\n${path}`] })
const prefix = (path: string): Named => ({ kind: 'prefix', scheme: null, host: null, path })
const ban = (expression: string): Named => ({ kind: 'ban', expression })

test('many thousand purges by URL are taken at once, and only a thousand patterns', () => {
  const book = new RemovalLog()
  for (let k = 0; k < 20_000; k++) assert.equal(book.give(url(`/${k}`), false, 0)?.number, k + 1)
  for (let k = 0; k < 1000; k++) assert.ok(book.give(prefix(`/${k}`), false, 0))
  assert.equal(book.give(prefix('/more'), false, 0), null)
  assert.equal(book.last, 21_000)
  assert.ok(book.give(url('/more'), false, 0))
  // The same again takes no further place.
  assert.ok(book.give(prefix('/7'), false, 0))
  let taken = 0
  while (book.give({ kind: 'tags', tags: [`${taken}`.padEnd(1000)] }, false, 0) !== null) taken++
  assert.ok(taken > 1000 && taken < 10_000, `${taken} names of a thousand characters`)
})

test('what has been carried out does not count, and the oldest of it is forgotten first', () => {
  const book = new RemovalLog()
  for (let k = 0; k < 1000; k++) book.give(prefix(`/${k}`), false, 0)
  assert.equal(book.sweptTo(600, 1000), false)
  assert.equal(book.pending.length, 400)
  assert.ok(book.give(prefix('/more'), false, 1000))
  assert.equal(book.all.forgotten, 300)
  for (let k = 1; k < 600; k++) assert.ok(book.give(prefix(`/more/${k}`), false, 1000), `${k}`)
  assert.equal(book.all.forgotten, 600)
  assert.equal(book.give(prefix('/one/more'), false, 1000), null)
  assert.equal(book.pending.length, 1000)
})

test('what has been carried out is kept for a quarter of an hour, for fetches that began before it', () => {
  const book = new RemovalLog()
  book.give(url('/a'), false, 0)
  book.give(url('/b'), false, 60_000)
  book.give(url('/c'), false, 60_000)
  assert.equal(book.busy, true)
  assert.equal(book.sweptTo(2, 15 * 60_000 - 1), false)
  assert.equal(book.sweptTo(2, 15 * 60_000), true)
  assert.deepEqual([book.all.forgotten, book.all.removals.length], [1, 2])
  // However old: it is pending.
  book.sweptTo(2, 60 * 60_000)
  assert.deepEqual(
    book.all.removals.map(({ number }) => number),
    [3],
  )
  assert.equal(book.busy, true)
  book.sweptTo(3, 60 * 60_000)
  assert.deepEqual([book.busy, book.all.removals.length, book.all.last], [false, 0, 3])
  assert.equal(book.costly, false)
  book.give(prefix('/a'), false, 60 * 60_000)
  book.give(url('/a'), false, 60 * 60_000)
  assert.equal(book.costly, true)
  book.sweptTo(4, 60 * 60_000)
  assert.deepEqual([book.busy, book.costly], [true, false])
})

test('a removal that is given again takes the place of the former, but not a soft one that of a hard one, nor one of another age', () => {
  const book = new RemovalLog()
  const numbers = (): number[] => book.pending.map(({ number }) => number)
  book.give(url('/a'), false, 0)
  book.give(url('/a'), false, 5)
  book.give(ban('req.url == /b'), false, 5)
  book.give(ban('req.url == /b'), false, 6)
  assert.deepEqual(numbers(), [2, 4])
  book.give(url('/a'), true, 7)
  assert.deepEqual(numbers(), [2, 4, 5])
  book.give(ban('obj.age > 1h'), false, 8)
  book.give(ban('obj.age > 1h'), false, 9)
  assert.deepEqual(numbers(), [2, 4, 5, 6, 7])
})

/** An object at an address, made or compared when so many removals had been given. */
interface Thing {
  readonly path: string
  compared: number
}

test('whatever is ordered, merged, carried out and forgotten, no object outlives a removal that meant it', () => {
  const path = fc.constantFrom('/a', '/a/b', '/c')
  const step = fc.oneof(
    fc.record({ do: fc.constant('removal' as const), what: fc.oneof(path.map(url), path.map(prefix)) }),
    fc.record({ do: fc.constant('store' as const), path }),
    // A fetch that began some removals ago ends.
    fc.record({ do: fc.constant('late' as const), path, ago: fc.integer({ min: 1, max: 5 }) }),
    fc.constant({ do: 'sweep' as const }),
    fc.constant({ do: 'wait' as const }),
    fc.record({ do: fc.constant('look' as const), at: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const book = new RemovalLog()
      const bans = new Removals()
      const given: { number: number; means: (path: string) => boolean }[] = []
      let things: Thing[] = []
      let now = 0
      const judge = (thing: Thing): boolean => {
        const due = given.some(({ number, means }) => number > thing.compared && means(thing.path))
        const stays = thing.compared >= bans.last || bans.judge(thing.compared, subject(thing.path), now) === 'keep'
        assert.ok(!due || !stays, `${thing.path} of ${thing.compared} stays`)
        thing.compared = Math.max(thing.compared, bans.last)
        return stays
      }
      for (const one of steps) {
        now += 1000
        switch (one.do) {
          case 'removal': {
            const removal = book.give(one.what, false, now)
            assert.ok(removal !== null)
            bans.apply(book.with([removal]))
            const { what } = removal
            const means = (asked: string): boolean =>
              what.kind === 'prefix' ? asked.startsWith(what.path) : JSON.stringify(url(asked)) === JSON.stringify(what)
            given.push({ number: removal.number, means })
            break
          }
          case 'store':
            things.push({ path: one.path, compared: bans.last })
            break
          case 'late':
            things.push({ path: one.path, compared: Math.max(0, bans.last - one.ago) })
            break
          case 'sweep':
            things = things.filter(judge)
            book.sweptTo(book.last, now)
            bans.apply(book.with([]))
            break
          case 'wait':
            now += 15 * 60_000
            break
          case 'look':
            if (one.at < things.length && !judge(things[one.at]!)) things.splice(one.at, 1)
        }
      }
    }),
    { numRuns: 500 },
  )
})

function subject(path: string): RemovalSubject {
  const { target, scheme, host, url } = partsOf(`shop\nhttp\nshop.test\n${path}`)
  return { target, scheme, host, url, status: 200, header: () => null, tags: '', age: 1 }
}

test('trees are taken by the ten thousand, leave room for the removals of operators, and everything can always be ordered', () => {
  const book = new RemovalLog()
  const tree = (path: string): Named => ({ kind: 'tree', scheme: 'http', host: 'shop.test', path })
  let taken = 0
  while (book.give(tree(`/${taken}`), false, 0) !== null) taken++
  assert.ok(taken > 5000 && taken < 20_000, `${taken} trees`)
  assert.ok(book.give(url('/p'), false, 0))
  assert.ok(book.give(prefix('/p'), false, 0))
  const first = book.giveAll(0)
  assert.deepEqual(first.what, prefix('/'))
  assert.equal(book.giveAll(0).number, first.number + 1)
  assert.equal(book.pending.filter(({ what }) => what.kind === 'prefix').length, 2)
  // What has been carried out makes way.
  book.sweptTo(taken / 2, 0)
  assert.ok(book.give(tree('/more'), false, 0))
})
