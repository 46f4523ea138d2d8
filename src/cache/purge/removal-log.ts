/**
 * The removals that are still to be known: those that not everything in the store has been compared with, and for a while
 * those that it has, since a fetch that began before a removal may end after it. Bounded: of the latter the oldest are
 * forgotten first, at the price that such a fetch has to be made again (see Bans).
 */
import { identityOf, type Named, type Removal, type RemovalSnapshot } from './removals.ts'

/** Bans and prefixes that are kept: each is tried on every object. */
const PATTERNS = 1000
/** Characters of the targets and tags that are kept. */
const NAMES = 8 << 20
/** The share of trees among them: what clients change must not keep operators from ordering. */
const TREES = NAMES / 4
/** What a name takes beside its characters. */
const EACH = 64
/** Under so many names a tree is looked up; see Trees. */
const IN_TREES = 4
const EVERYTHING: Named = { kind: 'prefix', scheme: null, host: null, path: '/' }
/** A fetch that began before a removal may end so much later and store what the removal meant, in ms. */
const LONGEST_FETCH = 15 * 60_000

export class RemovalLog {
  /** By identity, in the order of their numbers. */
  readonly #removals = new Map<string, Removal>()
  #patterns = 0
  #names = 0
  #trees = 0
  #last = 0
  #lastPattern = 0
  #forgotten = 0
  #swept = 0

  /** All that a thread has to know which knows nothing yet. */
  get all(): RemovalSnapshot {
    return this.with([...this.#removals.values()])
  }

  /** Those that not everything has been compared with. */
  get pending(): Removal[] {
    return [...this.#removals.values()].filter(({ number }) => number > this.#swept)
  }

  /** Whether there are such. */
  get busy(): boolean {
    return this.#last > this.#swept
  }

  /** Whether bans or prefixes are among them. */
  get costly(): boolean {
    return this.#lastPattern > this.#swept
  }

  get last(): number {
    return this.#last
  }

  /** What a thread that knows the others is told of these. */
  with(removals: readonly Removal[]): RemovalSnapshot {
    return { removals, last: this.#last, forgotten: this.#forgotten }
  }

  /** Writes down a removal. Null: too many are pending. `at`: ms since the epoch. */
  give(what: Named, soft: boolean, at: number): Removal | null {
    const number = this.#last + 1
    const identity = identityOf({ what, soft, number })
    const former = this.#removals.get(identity)
    if (former !== undefined) this.#strike(identity, former)
    const names = weightOf(what)
    const full = (): boolean =>
      names === 0
        ? this.#patterns >= PATTERNS
        : this.#names + names > NAMES || (what.kind === 'tree' && this.#trees + names > TREES)
    if (full()) this.#forgetHalf()
    if (full()) return null
    return this.#write(what, soft, at)
  }

  /** Writes down that everything is to go, which there is always room for: a later one takes the place of the former. */
  giveAll(at: number): Removal {
    const former = this.#removals.get(identityOf({ what: EVERYTHING, soft: false, number: 0 }))
    if (former !== undefined) this.#strike(identityOf(former), former)
    return this.#write(EVERYTHING, false, at)
  }

  #write(what: Named, soft: boolean, at: number): Removal {
    const number = this.#last + 1
    const names = weightOf(what)
    const removal: Removal = { number, at, soft, what }
    this.#last = number
    this.#removals.set(identityOf(removal), removal)
    if (names === 0) this.#lastPattern = number
    this.#patterns += names === 0 ? 1 : 0
    this.#names += names
    if (what.kind === 'tree') this.#trees += names
    return removal
  }

  /** All that is stored has been compared with the removals up to this one. True: some were forgotten. */
  sweptTo(number: number, now: number): boolean {
    this.#swept = number
    return this.#forget((removal) => now - removal.at >= LONGEST_FETCH)
  }

  /** The older half of those that are only kept for slow fetches. Half, as threads have to go through theirs each time. */
  #forgetHalf(): void {
    let left = Math.ceil((this.#removals.size - this.pending.length) / 2)
    this.#forget(() => left-- > 0)
  }

  #forget(may: (removal: Removal) => boolean): boolean {
    const before = this.#forgotten
    for (const [identity, removal] of this.#removals) {
      if (removal.number > this.#swept || !may(removal)) break
      this.#strike(identity, removal)
      this.#forgotten = removal.number
    }
    return this.#forgotten > before
  }

  #strike(identity: string, { what }: Removal): void {
    const names = weightOf(what)
    this.#removals.delete(identity)
    this.#patterns -= names === 0 ? 1 : 0
    this.#names -= names
    if (what.kind === 'tree') this.#trees -= names
  }
}

/** Of the names of a removal; 0: it has a pattern instead. */
function weightOf(what: Named): number {
  if (what.kind === 'ban' || what.kind === 'prefix') return 0
  if (what.kind === 'tree') return IN_TREES * (what.host.length + what.path.length + EACH)
  const names = what.kind === 'tags' ? what.tags : what.targets
  return names.reduce((sum, name) => sum + name.length + EACH, 0)
}
