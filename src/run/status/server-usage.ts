/** The results of the attempts at each server, and the causes that have ended exchanges, read from the ledger. */
import { type AttemptCause, attemptCauses, type StatusClass, statusClasses } from '../../base/attempt-causes.ts'
import { type Cause, causeNames } from '../../base/cause.ts'
import type { PoolConfig } from '../../config/model.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Health, Server } from '../../pool/server.ts'

/** `unchecked`: no check has had a result. Such a server is used like one that is up. */
export type ShownHealth = Health | 'unchecked'

/** How often each cause has ended an exchange, without those that never did. */
export type Causes = Readonly<Partial<Record<Cause, number>>>

/** All since the start. Fetches in the background are attempts too. */
export interface Attempts {
  /** Attempts that were begun. */
  readonly requests: number
  /** Heads of final responses, by class of their status. */
  readonly statuses: Readonly<Record<StatusClass, number>>
  /** Attempts that failed, by cause, those included after which another server was tried, without causes that never occurred. */
  readonly failures: Readonly<Partial<Record<AttemptCause, number>>>
  /** Failed attempts after which another server was tried. */
  readonly retried: number
}

/** A server's health as it is shown. */
export function shownHealth(server: Server, { health }: Pick<PoolConfig, 'health'>): ShownHealth {
  return health !== null && server.checked ? server.health : 'unchecked'
}

/** `server`: as in the ledger's keys, `shop/10.0.0.1:80`. */
export function readAttempts(ledger: Ledger, server: string): Attempts {
  const count = (name: string): number => ledger.counter(`server:${server}:${name}`).total()
  const statuses = Object.fromEntries(statusClasses.map((name) => [name, count(name)]))
  return {
    requests: count('requests'),
    statuses: statuses as Record<StatusClass, number>,
    failures: counted(attemptCauses, (cause) => count(`failed:${cause}`)),
    retried: count('retried'),
  }
}

/** The causes that have ended exchanges at a pool or a server; `key`: `pool:shop`. */
export function readEnded(ledger: Ledger, key: string): Causes {
  return counted(causeNames, (cause) => ledger.counter(`${key}:ended:${cause}`).total())
}

/** The counts that are not zero, by name. */
export function counted<N extends string>(names: readonly N[], count: (name: N) => number): Partial<Record<N, number>> {
  const counts: Partial<Record<N, number>> = {}
  for (const name of names) {
    const n = count(name)
    if (n > 0) counts[name] = n
  }
  return counts
}
