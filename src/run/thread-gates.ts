/**
 * The gates of one thread, by their key in the ledger. A queue has one gate on each thread: generations that have the
 * same listener, route or pool share it. A gate goes when no generation uses it any more.
 */

import type { RefusalCauses } from '../gate/gate.ts'
import { Gate } from '../gate/gate.ts'
import { SingleSource } from '../gate/single.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import { PoolGate } from '../pool/pool-gate.ts'

interface Shared<G> {
  readonly gate: G
  users: number
}

export class ThreadGates {
  readonly #single = new Map<string, Shared<Gate<Slots>>>()
  readonly #pools = new Map<string, Shared<PoolGate>>()

  /** The gate of a listener or route; its user releases it by the same key. */
  single(key: string, ledger: Ledger, refusals: RefusalCauses): Gate<Slots> {
    return use(
      this.#single,
      key,
      () => new Gate(new SingleSource(ledger.slots(key)), ledger.queue(`queue:${key}`), refusals),
    )
  }

  /** The gate of a pool, by the pool's name. */
  pool(name: string, ledger: Ledger): PoolGate {
    return use(this.#pools, name, () => new PoolGate(name, ledger))
  }

  releaseSingle(key: string): void {
    release(this.#single, key)
  }

  releasePool(name: string): void {
    release(this.#pools, name)
  }

  /** The ledger's bell rang: another thread left something at a gate, or limits, orders or health changed. */
  collect(): void {
    for (const { gate } of this.#single.values()) gate.collect()
    for (const { gate } of this.#pools.values()) gate.collect()
  }
}

function use<G>(gates: Map<string, Shared<G>>, key: string, make: () => G): G {
  const shared = gates.get(key) ?? { gate: make(), users: 0 }
  shared.users++
  gates.set(key, shared)
  return shared.gate
}

function release<G>(gates: Map<string, Shared<G>>, key: string): void {
  const shared = gates.get(key)
  if (shared !== undefined && --shared.users === 0) gates.delete(key)
}
