/**
 * Contradictions in a configuration that is right in form: limits that can never be reached, times that run out in the
 * wrong order, routes nothing comes by. Each rule names numbers, the reason, and what to change.
 */
import { cachingRules } from './check/cache-rules.ts'
import { fileRules } from './check/files.ts'
import { Ground } from './check/ground.ts'
import { limitRules } from './check/limit-rules.ts'
import { reachRules } from './check/reach.ts'
import { timeoutRules } from './check/timeouts.ts'
import type { Machine } from './machine.ts'
import type { Config } from './model.ts'
import type { Notice } from './notice.ts'
import type { Places } from './places.ts'

/** All findings of all rules about a configuration. `places` has to know every setting that was written. */
export function checkConfig(config: Config, places: Places, machine: Machine): Notice[] {
  const ground = new Ground(config, places, machine)
  for (const rule of [...limitRules, ...fileRules, ...timeoutRules, ...cachingRules, ...reachRules]) rule(ground)
  return ground.notices
}
