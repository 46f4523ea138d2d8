import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { get, storedHead } from '../../../test/kit/heads.ts'
import { RequestDirectives } from '../../cache/freshness/reuse.ts'
import { KIND, SLOT, textOf } from '../../cache/object/stored-object.ts'
import { codedKey } from '../../cache/serve/coding.ts'
import { createStoreMemory } from '../../store/memory.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import { Store } from '../../store/store.ts'
import { planStore } from '../../store/store-plan.ts'
import { formFor } from './coded-forms.ts'
import type { RouteCache } from './route-cache.ts'
import type { ServedForm } from './served-form.ts'

const stored = storedHead('Content-Type: text/html')
const LONG = Buffer.from('all the same, '.repeat(20_000))

/** A store, and a route that codes what lies in it. */
class Yard {
  readonly store: Store
  readonly #way: RouteCache

  constructor(bytes = 1 << 22) {
    this.store = new Store(createStoreMemory(planStore({ bytes, threads: 1 })), 0, () => {})
    const settings = { compress: { types: ['text/*'], encodings: ['gzip'], min: 10 } }
    this.#way = { settings, store: this.store, forClients: () => stored } as unknown as RouteCache
  }

  put(key: string, body: Buffer, content: number): void {
    const draft = this.store.lead(key)
    assert.ok(draft !== null)
    draft.kind = KIND.response
    draft.setMeta(SLOT.content, content)
    assert.ok(draft.head(textOf(stored)) && draft.append(body, 0, body.length))
    draft.finish()
  }

  find(key: string): PinnedObject {
    const hold = this.store.find(key)
    assert.ok(hold !== null)
    return hold
  }

  ask(key: string, accept = 'gzip'): ServedForm {
    return formFor(this.#way, this.find(key), get(`Accept-Encoding: ${accept}`), new RequestDirectives(), null)
  }

  /** Resolves with what lies under the key of the coded form once that is so. */
  async made(key: string): Promise<PinnedObject> {
    for (let i = 0; i < 2000; i++) {
      const hold = this.store.find(codedKey(key, 'gzip'))
      if (hold !== null) return hold
      await pause(2)
    }
    return assert.fail(`${key} was not coded`)
  }
}

/** What a form is: whether it is coded, and its body. Lets go of it. */
function read({ hold, stored: { fields } }: ServedForm): { coded: boolean; body: Buffer } {
  const body = Buffer.concat(hold.pieces(0, hold.length))
  hold.release()
  const coded = fields.includes('Content-Encoding: gzip\r\n')
  return { coded, body: coded ? gunzipSync(body) : body }
}

it('gives the body as it is at first and coded later, and lets go of all that it held', async () => {
  const yard = new Yard()
  yard.put('k', LONG, 1)
  const first = read(yard.ask('k'))
  assert.deepEqual([first.coded, first.body.equals(LONG)], [false, true])
  const made = await yard.made('k')
  made.release()
  const second = read(yard.ask('k'))
  assert.deepEqual([second.coded, second.body.equals(LONG)], [true, true])
  // Whoever removes both finds all memory given back: nothing is pinned any more.
  yard.store.remove('k')
  yard.store.remove(codedKey('k', 'gzip'))
  assert.equal(yard.store.usage().bytes, 0)
})

it('does not use the coded form of another content, and makes it anew', async () => {
  const yard = new Yard()
  yard.put('k', LONG, 1)
  read(yard.ask('k'))
  ;(await yard.made('k')).release()
  const other = Buffer.concat([LONG, LONG])
  yard.put('k', other, 2)
  const form = read(yard.ask('k'))
  assert.deepEqual([form.coded, form.body.equals(other)], [false, true])
  for (;;) {
    const made = await yard.made('k')
    const content = made.meta(SLOT.content)
    made.release()
    if (content === 2) break
    await pause(2)
  }
  assert.ok(read(yard.ask('k')).body.equals(other))
})

it('leaves a mark where the body did not get shorter, and does not try again', async () => {
  const yard = new Yard()
  const noise = randomBytes(200_000)
  yard.put('k', noise, 1)
  read(yard.ask('k'))
  const mark = await yard.made('k')
  assert.deepEqual([mark.kind, mark.meta(SLOT.content), mark.length], [KIND.pass, 1, 0])
  read(yard.ask('k'))
  assert.equal(yard.store.join(codedKey('k', 'gzip'), 10), null)
  assert.ok(mark.current)
  mark.release()
})

it('codes no more than two bodies at once, and gives all others as they are', async () => {
  const yard = new Yard()
  const keys = ['a', 'b', 'c', 'd']
  for (const [i, key] of keys.entries()) yard.put(key, LONG, i + 1)
  for (const key of keys) assert.equal(read(yard.ask(key)).coded, false)
  const busy = keys.filter((key) => {
    const hold = yard.store.join(codedKey(key, 'gzip'), 10)
    hold?.release()
    return hold !== null
  })
  assert.deepEqual(busy, ['a', 'b'])
  for (const key of busy) (await yard.made(key)).release()
  // There is room again.
  read(yard.ask('c'))
  ;(await yard.made('c')).release()
})

it('gives the coded form the life of what it was made from, whenever it is used', async () => {
  const yard = new Yard()
  yard.put('k', LONG, 1)
  read(yard.ask('k'))
  const made = await yard.made('k')
  const hold = yard.find('k')
  hold.setMeta(0, 77)
  hold.setMeta(SLOT.ban, 5)
  hold.release()
  read(yard.ask('k'))
  assert.deepEqual([made.meta(0), made.meta(SLOT.ban)], [77, 5])
  made.release()
})
