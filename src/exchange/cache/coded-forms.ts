/**
 * Compressed forms of stored responses: made once, beside the stored one, for all clients that take them.
 *
 * The first client that takes a coding gets the response as it is and does not wait; those who come when the coded form
 * is complete get that. A coded form is a body alone: its head is made anew of the stored response's at each delivery,
 * and it is found only through that response and by the number of its content. So it is never older than the response,
 * stays right when that is validated, and is out of use at once when that is removed.
 */
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { wall } from '../../base/clock.ts'
import { freshnessSlots } from '../../cache/freshness/freshness.ts'
import type { RequestDirectives } from '../../cache/freshness/reuse.ts'
import { AbandonReason, KIND, readText, SLOT } from '../../cache/object/stored-object.ts'
import {
  type Coding,
  codedHead,
  codedKey,
  codingFor,
  mayCode,
  withoutDatedRange,
  withVary,
  withWeakTag,
} from '../../cache/serve/coding.ts'
import type { Conditions } from '../../cache/serve/condition.ts'
import type { Draft } from '../../store/draft.ts'
import { METAS } from '../../store/object.ts'
import type { PinnedObject } from '../../store/pinned-object.ts'
import type { Store } from '../../store/store.ts'
import { MAX_KEY } from '../../store/store-plan.ts'
import { fieldList } from '../../wire/http/field-list.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import type { RouteCache } from './route-cache.ts'
import type { ServedForm } from './served-form.ts'

/** Bodies that one thread codes at once. The work is done by threads of Node that the whole process shares. */
const AT_ONCE = 2
/** Bytes that are given to the compressor at once. */
const PIECE = 64 * 1024
/** How long, in ms, a body that did not get shorter or had no room is not tried again. */
const PAUSE = 600_000

/** Coded at the moment, by this thread. */
let busy = 0

/**
 * The form for this client. Lets go of `hold` where the body is another one's.
 * @param text the head that this client gets, where that is another one than the one that is held
 */
export function formFor(
  routeCache: RouteCache,
  hold: PinnedObject,
  head: RequestHead,
  directives: RequestDirectives,
  conditions: Conditions | null,
  text = readText(hold.headText(), hold),
): ServedForm {
  const stored = routeCache.forClients(text)
  const { compress } = routeCache.settings
  if (compress === null) return { hold, stored, conditions, settled: true }
  // In this order: what is whole does not grow any more.
  const { whole } = hold
  const length = whole ? hold.length : hold.meta(SLOT.length)
  if (!mayCode(stored, length, compress, routeCache.settings.targeted))
    return { hold, stored, conditions, settled: true }
  const plain = withVary(stored)
  const coding = directives.noTransform ? null : codingFor(fieldList(head, 'accept-encoding'), compress.encodings)
  if (coding === null) return { hold, stored: plain, conditions, settled: true }
  const asked = withoutDatedRange(conditions)
  if (asked !== null && asked.range !== null) return { hold, stored: plain, conditions: asked, settled: true }
  const coded = whole ? codedForm(routeCache.store, hold, coding, !head.isHead) : null
  if (coded !== null) {
    hold.release()
    return { hold: coded, stored: codedHead(plain, coding), conditions: asked, settled: true }
  }
  // What the client has may be either form. A 304 with a strong tag would not be about the weak one (RFC 9111 §4.3.4).
  const validates = asked !== null && asked.ifNoneMatch !== null
  return { hold, stored: validates ? withWeakTag(plain) : plain, conditions: asked, settled: false }
}

/** The coded form of this very content. Null: there is none; if it is worth one, it is made from now on. */
function codedForm(store: Store, hold: PinnedObject, coding: Coding, make: boolean): PinnedObject | null {
  const key = codedKey(hold.key, coding)
  if (key.length > MAX_KEY) return null
  const coded = store.find(key)
  if (coded !== null) {
    const same = coded.meta(SLOT.content) === hold.meta(SLOT.content)
    if (same && coded.kind === KIND.response) {
      liveAs(coded, hold)
      return coded
    }
    coded.release()
    if (same) return null
  }
  if (make && busy < AT_ONCE) begin(store, hold, key, coding)
  return null
}

/** The sweeper sees only this object; copy the original's lifetime. */
function liveAs(coded: PinnedObject, hold: PinnedObject): void {
  for (let i = 0; i < freshnessSlots; i++) if (coded.meta(i) !== hold.meta(i)) coded.setMeta(i, hold.meta(i))
  if (coded.meta(SLOT.ban) < hold.meta(SLOT.ban)) coded.setMeta(SLOT.ban, hold.meta(SLOT.ban))
}

function begin(store: Store, hold: PinnedObject, key: string, coding: Coding): void {
  // A hold of its own: the client's ends with the client.
  const source = store.find(hold.key)
  if (source === null) return
  const draft = source.meta(SLOT.content) === hold.meta(SLOT.content) ? store.lead(key) : null
  if (draft === null) return source.release()
  draft.kind = KIND.response
  for (let i = 0; i < METAS; i++) draft.setMeta(i, source.meta(i))
  draft.setMeta(SLOT.length, -1)
  // The head is for removals that ask for fields or tags.
  if (draft.head(source.headText())) new FormCoder(store, source, draft, key, coding)
  else {
    draft.abandon(AbandonReason.notStored)
    source.release()
  }
}

/** One body on its routeCache through a compressor, piece by piece. */
class FormCoder {
  readonly #store: Store
  readonly #source: PinnedObject
  readonly #draft: Draft
  readonly #key: string
  readonly #stream: ReturnType<typeof compressor>
  #at = 0
  #made = 0
  #worth = true

  constructor(store: Store, source: PinnedObject, draft: Draft, key: string, coding: Coding) {
    busy++
    this.#store = store
    this.#source = source
    this.#draft = draft
    this.#key = key
    this.#stream = compressor(coding, source.length)
    this.#stream.on('data', (made: Buffer) => this.#take(made))
    this.#stream.on('end', () => this.#end())
    this.#stream.on('error', () => {
      this.#worth = false
      this.#end()
    })
    this.#give()
  }

  /** The next bytes, when the compressor is done with those before. */
  #give(): void {
    const { length } = this.#source
    // Only between two pieces: until then the compressor reads what is held.
    if (!this.#worth) return this.#end()
    if (this.#at === length) return void this.#stream.end()
    const to = Math.min(length, this.#at + PIECE)
    const pieces = this.#source.pieces(this.#at, to)
    this.#at = to
    pieces.forEach((piece, i) => {
      if (i + 1 < pieces.length) this.#stream.write(piece)
      else this.#stream.write(piece, (error) => error ?? this.#give())
    })
  }

  #take(made: Buffer): void {
    this.#made += made.length
    this.#worth &&= this.#made < this.#source.length && this.#draft.append(made, 0, made.length)
  }

  #end(): void {
    if (!this.#draft.open) return
    busy--
    const content = this.#source.meta(SLOT.content)
    this.#stream.destroy()
    this.#source.release()
    if (this.#worth) return this.#draft.finish()
    this.#draft.abandon(AbandonReason.notStored)
    const mark = this.#store.lead(this.#key)
    if (mark === null) return
    mark.kind = KIND.pass
    mark.setMeta(SLOT.until, wall() + PAUSE)
    mark.setMeta(SLOT.content, content)
    if (mark.head('')) mark.finish()
    else mark.abandon(AbandonReason.notStored)
  }
}

/** The usual middle levels: the work is done once, but beside that of serving. `length` of the whole body. */
function compressor(coding: Coding, length: number) {
  const chunkSize = PIECE
  switch (coding) {
    case 'gzip':
      return createGzip({ chunkSize, level: 6 })
    case 'br': {
      const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants
      return createBrotliCompress({
        chunkSize,
        params: { [BROTLI_PARAM_QUALITY]: 5, [BROTLI_PARAM_SIZE_HINT]: length },
      })
    }
    case 'zstd': {
      // Its window is 2 MB at this level; clients need not take more than 8 MB (RFC 9659 §3).
      const { ZSTD_c_compressionLevel } = constants
      return createZstdCompress({ chunkSize, params: { [ZSTD_c_compressionLevel]: 6 }, pledgedSrcSize: length })
    }
  }
}
