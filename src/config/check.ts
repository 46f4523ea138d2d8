/**
 * Contradictions in a configuration that is right in form: limits that can never be reached, times that run out in the
 * wrong order, routes nothing comes by. Each rule names numbers, the reason, and what to change.
 */
import { cachingRules } from './check/caching.ts'
import { fileRules } from './check/files.ts'
import { Ground } from './check/ground.ts'
import { limitRules } from './check/limits.ts'
import { reachRules } from './check/reach.ts'
import { timeoutRules } from './check/timeouts.ts'
import type { Config } from './model.ts'
import type { Notice } from './notice.ts'
import type { Places } from './places.ts'

/** What the machine allows, as far as it is known; unknown things are not checked against. */
export interface Machine {
  /** Soft limit of open file descriptors (RLIMIT_NOFILE) of this process. */
  readonly openFiles?: number
  /** The lowest port this user may listen on; unset when any. */
  readonly firstFreePort?: number
  /** Whether the paths that are named are looked up in its file system. */
  readonly looksAtPaths?: boolean
  /** Addresses of its network interfaces. */
  readonly addresses?: readonly string[]
}

/** All findings of all rules about a configuration. `places` has to know every setting that was written. */
export function checkConfig(config: Config, places: Places, machine: Machine): Notice[] {
  const ground = new Ground(config, places, machine)
  for (const rule of [...limitRules, ...fileRules, ...timeoutRules, ...cachingRules, ...reachRules]) rule(ground)
  return ground.notices
}
