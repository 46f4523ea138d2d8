/** The messages between the main thread and its workers. They carry commands and questions; all state is in the ledger. */
import type { RemovalSnapshot } from '../cache/purge/removals.ts'
import type { Tree } from '../cache/purge/trees.ts'
import type { Address, Config } from '../config/model.ts'
import type { RouteRefreshes } from '../exchange/cache/refresh-results.ts'
import type { Noted } from '../exchange/cache/store-notes.ts'
import type { Purged } from '../exchange/context.ts'
import type { OccupantReport } from '../exchange/occupants.ts'
import type { LedgerPlan } from '../ledger/plan.ts'
import type { StoreMemory } from '../store/memory.ts'
import type { LogTrouble } from '../watch/log/log-file.ts'

/** The data a worker is started with. */
export interface WorkerInit {
  readonly config: Config
  readonly plan: LedgerPlan
  readonly memory: SharedArrayBuffer
  /** The cache's; null where no route has one. */
  readonly store: StoreMemory | null
  readonly thread: number
  /** How many file descriptors the process may open; Infinity where that is not known. */
  readonly openFiles: number
  /** What is to be removed from the cache. */
  readonly removals: RemovalSnapshot
  /** Where each listener binds on this thread. */
  readonly binds: ReadonlyMap<string, readonly Address[]>
}

/** From main to worker. */
export type WorkerCommand =
  /** Accept nothing more, finish what is under way. */
  | { readonly do: 'stop' }
  /** End what is still under way. */
  | { readonly do: 'kill' }
  /** The log file was renamed. */
  | { readonly do: 'reopen' }
  /** Something is to be removed from the cache: answer `removed` with the number when that is in effect. */
  | { readonly do: 'remove'; readonly removals: RemovalSnapshot; readonly ask: number }
  /** The purge that the worker asked for under this number is in effect, maybe as a soft one, or was refused. */
  | { readonly do: 'purged'; readonly ask: number; readonly purged: Purged }
  /** The change that the worker reported under this number is in effect on all threads. */
  | { readonly do: 'changed'; readonly ask: number }
  /** Why the last answer for these targets was stored or not: answer `noted` with the number. */
  | { readonly do: 'why'; readonly targets: readonly string[]; readonly ask: number }
  /** The results of refreshing what is stale: answer `refreshes` with the number. */
  | { readonly do: 'refreshes'; readonly ask: number }
  /** An incident by its id: answer `incident` with the number. */
  | { readonly do: 'incident'; readonly id: string; readonly ask: number }
  /** What holds slots for long, and open streams: answer `occupants` with the number. */
  | { readonly do: 'occupants'; readonly ask: number }
  /** Die as by a defect, to rehearse it. */
  | { readonly do: 'crash' }

/** From worker to main. */
export type WorkerMessage =
  | { readonly is: 'listening'; readonly bound: ReadonlyMap<string, readonly Address[]> }
  /** It cannot listen. `system`: code, syscall, address and port, as a cloned error loses them. */
  | { readonly is: 'failed'; readonly message: string; readonly system: object }
  | { readonly is: 'stopped' }
  /** A client asked for a purge: answer `purged` with the number. */
  | { readonly is: 'purge'; readonly targets: readonly string[]; readonly ask: number }
  /** A client has changed all of this: answer `changed` with the number. */
  | { readonly is: 'changed'; readonly trees: readonly Tree[]; readonly ask: number }
  /** The answer to a question or command that has a number. */
  | { readonly is: 'removed'; readonly ask: number; readonly answer: null }
  | { readonly is: 'noted'; readonly ask: number; readonly answer: Noted }
  | { readonly is: 'refreshes'; readonly ask: number; readonly answer: readonly RouteRefreshes[] }
  /** A line as the access log has it in JSON; null: it is not among the last of this thread. */
  | { readonly is: 'incident'; readonly ask: number; readonly answer: string | null }
  | { readonly is: 'occupants'; readonly ask: number; readonly answer: readonly OccupantReport[] }
  | { readonly is: 'defect'; readonly error: string }
  | { readonly is: 'trouble'; readonly trouble: LogTrouble }
