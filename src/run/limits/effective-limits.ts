/**
 * The one owner of the limits in force. Whatever slows or stops something does it here, by a voice of its own; the result
 * is written to the ledger, where the gates read it. Main thread only.
 *
 * Lowering a limit ends nothing that is under way. After a limit was raised, ring the threads (Ledger.ringAll), so that
 * waiters are admitted.
 */
import { identitiesOf } from '../../ledger/identities.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Limits } from '../../ledger/limits.ts'
import { type LimitInForce, limitInForce, type Said, type Voice } from '../../ledger/voice.ts'

export class EffectiveLimits {
  #ledger: Ledger
  readonly #said = new Map<string, Said>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /**
   * What `voice` says about a limit from now on.
   * @param key of slots or of a queue in the ledger: `server:shop/10.0.0.1:80`, `queue:pool:shop`
   * @param value 0 … UNLIMITED; null: it says nothing any more. `configured` always does.
   * @returns the limit in force now
   * @throws RangeError when the ledger has no such key
   */
  say(key: string, voice: 'configured', value: number): LimitInForce
  say(key: string, voice: Voice, value: number | null): LimitInForce
  say(key: string, voice: Voice, value: number | null): LimitInForce {
    const target = key.startsWith('queue:') ? this.#ledger.queue(key) : this.#ledger.slots(key)
    const before = this.#said.get(key) ?? { configured: 'bound' in target ? target.bound : target.limit }
    const { [voice]: _, ...others } = { ...before }
    const said = (value === null ? { configured: before.configured, ...others } : { ...before, [voice]: value }) as Said
    this.#said.set(key, said)
    const now = limitInForce(said)
    target.enforce(now)
    return now
  }

  /**
   * Another configuration is in force: its limits are the configured ones. Whatever else was said about what it still has
   * goes on.
   * @param ledger by a plan for this configuration
   */
  configure(config: Limits, ledger: Ledger): void {
    this.#ledger = ledger
    const { slots, queues } = identitiesOf(config)
    for (const key of this.#said.keys()) if (!slots.has(key) && !queues.has(key)) this.#said.delete(key)
    for (const [key, { limit }] of slots) this.say(key, 'configured', limit)
    for (const [key, { bound }] of queues) this.say(key, 'configured', bound)
  }

  /** Lets no request reach a server any more: waiters that are about to be refused must not take what others set free. */
  shutDown(): void {
    for (const key in this.#ledger.plan.slots) if (/^(route|server):/.test(key)) this.say(key, 'shutdown', 0)
  }
}
