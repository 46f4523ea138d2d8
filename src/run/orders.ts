/** What the main thread and its workers say to each other. Commands go by messages; all state lies in the ledger. */
import type { Address, Config } from '../config/model.ts'
import type { LedgerPlan } from '../ledger/layout.ts'
import type { LogTrouble } from '../watch/log-file.ts'

/** What a worker is started with. */
export interface WorkerOrders {
  readonly config: Config
  readonly plan: LedgerPlan
  readonly memory: SharedArrayBuffer
  readonly thread: number
  /** Where each listener binds on this thread. */
  readonly binds: ReadonlyMap<string, readonly Address[]>
}

/** From main to worker. */
export type Command =
  /** Accept nothing more, finish what is under way. */
  | { readonly do: 'stop' }
  /** End what is still under way. */
  | { readonly do: 'kill' }
  /** The log file was renamed. */
  | { readonly do: 'reopen' }
  /** Die as by a defect, to rehearse it. */
  | { readonly do: 'crash' }

/** From worker to main. */
export type Report =
  | { readonly is: 'listening'; readonly bound: ReadonlyMap<string, readonly Address[]> }
  /** It cannot listen. `system`: code, syscall, address and port, as a cloned error loses them. */
  | { readonly is: 'failed'; readonly message: string; readonly system: object }
  | { readonly is: 'stopped' }
  | { readonly is: 'defect'; readonly error: string }
  | { readonly is: 'trouble'; readonly trouble: LogTrouble }
