/** Starts racers, kills them and takes back what they had, as the supervisor does. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Race } from './racer.ts'
import { Witness } from './witness.ts'
import { lay, type Yard } from './yard.ts'

/** What a racer says, each once. */
const words = ['ready', 'idle', 'done'] as const
type Word = (typeof words)[number]

class Runner {
  readonly worker: Worker
  /** Resolves when it has ended, by itself or killed; rejects when it failed. */
  readonly exit: Promise<unknown>
  readonly #said = new Map(words.map((word) => [word, Promise.withResolvers<void>()]))

  constructor(race: Race) {
    this.worker = new Worker(new URL('./racer.ts', import.meta.url), { workerData: race })
    this.worker.on('message', (word: Word) => this.#said.get(word)?.resolve())
    this.exit = once(this.worker, 'exit')
    this.exit.catch(() => {}) // whoever waits for it, or for a word, hears of it
  }

  /** Resolves when it has said so; rejects when it ended without. */
  async says(word: Word): Promise<void> {
    const silent = Symbol(word)
    const end = await Promise.race([this.#said.get(word)?.promise, this.exit.then(() => silent)])
    if (end === silent) throw new Error(`it ended before it was ${word}`)
  }
}

export class Track {
  readonly yard: ReturnType<typeof lay>
  readonly witness = new Witness()
  readonly #runners: Runner[] = []
  readonly #race: Pick<Race, 'kind' | 'limit' | 'rounds'>
  #seed = Date.now() & 0xffff

  constructor(yard: Yard, race: Pick<Race, 'kind' | 'limit' | 'rounds'>) {
    this.yard = lay(yard)
    this.#race = race
  }

  /** Resolves when the racer is ready; it runs when the witness says go. */
  async start(me: number): Promise<void> {
    const { memory, plan } = this.yard
    this.#seed += 7919
    const runner = new Runner({ ...this.#race, memory, plan, me, witness: this.witness.memory, seed: this.#seed })
    this.#runners[me] = runner
    await runner.says('ready')
  }

  /** All start together. */
  async startAll(): Promise<void> {
    await Promise.all(Array.from({ length: this.yard.plan.threads }, (_, me) => this.start(me)))
    this.witness.go()
  }

  /** Ends a racer wherever it is. */
  async kill(me: number): Promise<void> {
    await this.#runners[me]!.worker.terminate()
    this.witness.forget(me)
    this.yard.main.reclaim(me)
  }

  /** Resolves when all racers are idle; then has them end. */
  async finishIdle(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.says('idle')))
    for (const { worker } of this.#runners) worker.postMessage('end')
    await this.ended()
  }

  /** Resolves when all racers have come to their end. */
  async ended(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.says('done')))
    await Promise.all(this.#runners.map((runner) => runner.exit))
  }
}
