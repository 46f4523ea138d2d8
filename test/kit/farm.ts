/** Several servers for a test of balancing: each knows its letter, answers at once with it or holds what it gets. */
import { type Asked, Origin } from './origin.ts'

/** Servers `a`, `b`, `c` … on free ports. */
export class Farm implements AsyncDisposable {
  readonly origins: readonly Origin[]
  readonly #held: Asked[][]
  /** Letters in the order in which requests came. */
  readonly order: string[] = []

  private constructor(origins: readonly Origin[], held: Asked[][]) {
    this.origins = origins
    this.#held = held
  }

  /** Starts `n` servers. With `hold` they keep requests until `release`; otherwise they answer with their letter. */
  static async listen(n: number, hold = false): Promise<Farm> {
    const held: Asked[][] = Array.from({ length: n }, () => [])
    const heard: ((i: number, asked: Asked) => void)[] = []
    const origins: Origin[] = []
    for (let i = 0; i < n; i++) origins.push(await Origin.listen((asked) => heard[0]?.(i, asked)))
    const farm = new Farm(origins, held)
    heard.push((i, asked) => {
      farm.order.push(letter(i))
      if (hold) held[i]?.push(asked)
      else asked.answer(letter(i))
      farm.#wake?.()
    })
    return farm
  }

  /** Addresses in the order of the letters. */
  get addresses(): string[] {
    return this.origins.map((origin) => origin.address)
  }

  /** Address of the server with this letter. */
  address(of: string): string {
    return this.#origin(of).address
  }

  /** How many requests each server holds. */
  get loads(): number[] {
    return this.#held.map((asked) => asked.length)
  }

  /** Resolves when `n` requests have come in all. */
  async came(n: number): Promise<void> {
    while (this.order.length < n) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Answers the oldest request that this server holds. */
  release(of: string): void {
    const asked = this.#held[of.charCodeAt(0) - 97]?.shift()
    if (asked === undefined) throw new Error(`server ${of} holds nothing`)
    asked.answer(of)
  }

  /** Answers everything that is held. */
  releaseAll(): void {
    for (const [i, all] of this.#held.entries()) {
      for (const asked of all) asked.answer(letter(i))
      all.length = 0
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.origins.map((origin) => origin[Symbol.asyncDispose]()))
  }

  #wake: (() => void) | null = null

  #origin(of: string): Origin {
    const origin = this.origins[of.charCodeAt(0) - 97]
    if (origin === undefined) throw new Error(`there is no server ${of}`)
    return origin
  }
}

function letter(i: number): string {
  return String.fromCharCode(97 + i)
}
