import type { BalanceConfig } from '../config/model.ts'
import { First } from './policy/first.ts'
import { Hash } from './policy/hash.ts'
import { Least } from './policy/least.ts'
import type { Member, Policy, Random } from './policy/policy.ts'
import { RoundRobin } from './policy/round-robin.ts'
import { TwoChoices } from './policy/two-choices.ts'

/** For a group without members. */
const noPolicy: Policy = { begin(): void {}, next: (): number => -1 }

/**
 * The configured policy over `members`; those of weight 0 are left out. `phase`: the number of this thread, from 0 on,
 * so that threads do not all begin with the same server.
 */
export function policyOf(
  config: BalanceConfig,
  members: readonly Member[],
  phase: number,
  random: Random = Math.random,
): Policy {
  const weighty = members.filter((member) => member.weight > 0)
  if (weighty.length === 0) return noPolicy
  switch (config.policy) {
    case 'round-robin':
      return new RoundRobin(weighty, phase, random)
    case 'least':
      return new Least(weighty, phase)
    case 'two-choices':
      return new TwoChoices(weighty, random)
    case 'first':
      return new First(weighty)
    case 'hash':
      return new Hash(weighty, config.bound, random)
  }
}
