/**
 * The main thread's side of a running Headgate: makes the ledger, starts a worker for each thread, replaces one that
 * dies and takes back what it held, and passes commands on. Requests do not pass through here.
 */
import { Worker } from 'node:worker_threads'
import { monotonic } from '../base/clock.ts'
import type { Incident } from '../base/log-fields.ts'
import { version } from '../base/version.ts'
import { addressText } from '../config/address.ts'
import { readMachine } from '../config/machine.ts'
import type { Address, Config } from '../config/model.ts'
import { type Noted, together } from '../exchange/cache/store-notes.ts'
import { createMemory, planLedger } from '../ledger/layout.ts'
import { Ledger } from '../ledger/ledger.ts'
import { type AdminState, type Server, serversOf } from '../pool/server.ts'
import type { StoreMemory } from '../store/memory.ts'
import { Store } from '../store/store.ts'
import type { GatePort } from '../watch/admin/gate-port.ts'
import type { AdminServer } from '../watch/admin/server.ts'
import { createAppLog, type Logger } from '../watch/log/app-log.ts'
import { openOptionalAdmin } from './admin-port.ts'
import { Broadcast } from './broadcast.ts'
import { lostLine, saturation, storeOf } from './cache/cache-memory.ts'
import { CachePurger } from './cache/cache-purger.ts'
import { carryOut } from './cache/carry-out.ts'
import { gateCounters } from './counters.ts'
import { busyLine, Prober } from './health/prober.ts'
import { EffectiveLimits } from './limits/effective-limits.ts'
import { setLimit } from './limits/set-limit.ts'
import type { WorkerCommand, WorkerInit, WorkerMessage } from './messages.ts'
import { claimAddresses } from './start/claim.ts'
import { withHolder } from './start/holder.ts'
import { OccupancyWatch } from './status/occupancy-watch.ts'
import { readUsage, type Usage } from './status/usage.ts'
import { Watches } from './status/watches.ts'
import { within } from './within.ts'
import { newWorkerSlot, type WorkerSlot, workerFile } from './worker-slot.ts'

export type { Usage } from './status/usage.ts'

/** A running Headgate. */
export interface Headgate extends AsyncDisposable {
  /** Where each listener listens, as `host:port`. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** Where the admin API listens, as `host:port` or `unix:/path`; null when there is none. */
  readonly admin: string | null
  /** Stops gracefully: nothing new is accepted, what is under way may finish within `drain` and is then ended. */
  stop(): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
  /** Opens log files anew, after they were renamed. */
  reopenLogs(): void
  /** Changes a limit by the path of its setting; see set-limit.ts. In effect on all threads when it returns. */
  setLimit(path: string, value: number): void
  /** Tells a server to take requests, no new ones (`drain`) or none at all (`maint`). Throws RangeError when there is none. */
  setAdminState(pool: string, server: string, state: AdminState): void
  usage(): Usage
  /** A refused or failed exchange by the id on its error page, as the access log has it; null: it is none of the last 1000 of each thread. */
  incident(id: string): Promise<Incident | null>
  /** Ends a worker as a defect would, to rehearse it; it is replaced. Throws RangeError when there is no such thread. */
  crash(thread: number): void
  /** Resolves when the worker of that thread listens: at once, or after a crash when another has taken its place. */
  replaced(thread: number): Promise<void>
}

export interface StartOptions {
  /** The log of the control plane; default none. */
  readonly log?: Logger
}

/** A worker is replaced at once; one that dies again and again, after this pause (ms). */
const PAUSE = 500
/** How long after the drain time a worker may take to write its last lines, in ms. */
const LAST_LINES = 500
/**
 * What the data plane allocates for a request is dead when the request is over, so a young generation smaller than V8's 48 MB
 * stays in the processor's caches. A much smaller one would move connections to the old generation too soon.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 32 }

/** Starts everything; resolves when all threads listen. Rejects with the system's error when an address cannot be had. */
export async function start(config: Config, options: StartOptions = {}): Promise<Headgate> {
  const running = new Running(config, options.log ?? createAppLog('silent'))
  try {
    await running.begin()
  } catch (error) {
    await running.kill()
    throw withHolder(error)
  }
  return running
}

class Running implements Headgate {
  readonly addresses: Record<string, string[]> = {}
  readonly #config: Config
  readonly #log: Logger
  readonly #plan
  readonly #memory: SharedArrayBuffer
  readonly #ledger: Ledger
  readonly #limits: EffectiveLimits
  /** null: no route caches. */
  readonly #storeMemory: StoreMemory | null
  readonly #cache: CachePurger | null
  readonly #store: Store | null
  readonly #questions = new Broadcast()
  readonly #servers = new Map<string, Server[]>()
  readonly #workers: WorkerSlot[] = []
  readonly #prober: Prober
  readonly #occupancy: OccupancyWatch
  /** Where all threads bind, once the first has filled in port 0. */
  #binds = new Map<string, readonly Address[]>()
  readonly #watches: Watches
  readonly #since = monotonic()
  readonly #openFiles = readMachine().openFiles ?? Number.POSITIVE_INFINITY
  #admin: AdminServer | null = null
  /** Rejected when the start has failed. */
  readonly #failed = Promise.withResolvers<never>()
  #begun = false
  #ending = false
  #ended: Promise<void> | null = null

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
    this.#plan = planLedger(config, { counters: gateCounters(config) })
    this.#memory = createMemory(this.#plan)
    this.#ledger = new Ledger(this.#memory, this.#plan, -1)
    this.#limits = new EffectiveLimits(this.#ledger)
    this.#storeMemory = storeOf(config)
    this.#store =
      this.#storeMemory === null ? null : new Store(this.#storeMemory, config.threads, (k) => this.#ledger.wake(k))
    this.#cache = this.#store === null ? null : this.#cacheOrders(this.#store)
    for (const pool of config.pools) this.#servers.set(pool.name, serversOf(pool, this.#ledger))
    this.#watches = new Watches(
      config,
      this.#ledger,
      log,
      this.#openFiles,
      this.#cache === null ? null : () => this.#ask((ask) => ({ do: 'refreshes', ask })),
    )
    this.#occupancy = new OccupancyWatch({
      config,
      ledger: this.#ledger,
      ask: () => this.#ask((ask) => ({ do: 'occupants', ask })),
      say: ({ level, message, ...facts }) => log[level](facts, message),
    })
    this.#prober = new Prober({
      ring: () => this.#ledger.ringAll(),
      onChange: ({ pool, server, from, to, reason }) =>
        log.warn({ pool, server, from, to, reason }, `server ${server} of pool ${pool} is ${to}: ${reason}`),
      onBusy: (change) => log.warn(change, busyLine(change)),
    })
  }

  async begin(): Promise<void> {
    const failed = this.#failed.promise
    failed.catch(() => {}) // a second thread may fail when the start is no longer awaited
    for (const { name, bind } of this.#config.listeners) this.#binds.set(name, bind)
    await using _claim = await claimAddresses(this.#config.listeners.flatMap(({ bind }) => bind))
    for (let k = 0; k < this.#config.threads; k++) {
      const slot = newWorkerSlot()
      this.#workers.push(slot)
      this.#spawn(k)
      if (k === 0) await Promise.race([slot.listening.promise, failed])
    }
    await Promise.race([Promise.all(this.#workers.map((slot) => slot.listening.promise)), failed])
    this.#begun = true
    for (const pool of this.#config.pools) {
      if (pool.health !== null) this.#prober.watch(pool.name, this.#servers.get(pool.name) ?? [], pool.health)
    }
    this.#watches.start()
    this.#admin = await openOptionalAdmin(this.#config.admin, this.#port(), this.#log)
  }

  /** This Headgate as the admin API sees it. */
  #port(): GatePort {
    return {
      config: this.#config,
      version: version(),
      uptime: () => monotonic() - this.#since,
      usage: () => this.usage(),
      occupancy: () => this.#occupancy.now(),
      setLimit: (path, value) => this.setLimit(path, value),
      setAdminState: (pool, server, state) => this.setAdminState(pool, server, state),
      incident: (id) => this.incident(id),
      cache: this.#cache,
    }
  }

  get admin(): string | null {
    return this.#admin?.address ?? null
  }

  /** Starts the worker of a thread. */
  #spawn(thread: number): void {
    const slot = this.#workers[thread]!
    slot.startedAt = monotonic()
    const init: WorkerInit = {
      config: this.#config,
      plan: this.#plan,
      memory: this.#memory,
      store: this.#storeMemory,
      removals: this.#cache?.snapshot ?? { removals: [], last: 0, forgotten: 0 },
      thread,
      openFiles: this.#openFiles,
      binds: this.#bindsOf(thread),
    }
    const worker = new Worker(workerFile(), { workerData: init, name: `headgate-${thread}`, resourceLimits })
    slot.worker = worker
    worker.on('message', (message: WorkerMessage) => this.#received(thread, message))
    worker.on('error', (error: Error) => {
      this.#log.error({ thread, error }, `thread ${thread} died: ${error.message}`)
      if (!this.#begun && !slot.up) this.#failed.reject(error)
    })
    worker.on('exit', () => this.#exited(thread, worker))
  }

  /** Unix sockets cannot be shared by SO_REUSEPORT: the first thread serves them. */
  #bindsOf(thread: number): Map<string, readonly Address[]> {
    if (thread === 0) return this.#binds
    return new Map([...this.#binds].map(([name, bind]) => [name, bind.filter((address) => 'host' in address)]))
  }

  #received(thread: number, message: WorkerMessage): void {
    const slot = this.#workers[thread]!
    switch (message.is) {
      case 'listening':
        if (thread === 0) {
          this.#binds = new Map(message.bound)
          for (const [name, bound] of message.bound) this.addresses[name] = bound.map(addressText)
        }
        slot.up = true
        return slot.listening.resolve()
      case 'failed':
        return this.#cannotListen(thread, Object.assign(new Error(message.message), message.system))
      case 'stopped':
        return slot.stopped.resolve()
      case 'purge':
      case 'changed':
        void carryOut(this.#cache, message).then((command) => this.#workers[thread]?.worker?.postMessage(command))
        return
      case 'removed':
      case 'noted':
      case 'refreshes':
      case 'incident':
      case 'occupants':
        return this.#questions.answered(thread, message.ask, message.answer)
      case 'defect':
        return this.#log.error(
          { thread, stack: message.error },
          'a defect of Headgate; one exchange or connection was ended',
        )
      case 'trouble':
        return this.#log.warn({ thread, ...message.trouble }, `access log: ${message.trouble.state}`)
    }
  }

  /** At the start that is final; a worker that took another's place ends, for one more try after a pause. */
  #cannotListen(thread: number, error: Error): void {
    if (!this.#begun) return this.#failed.reject(error)
    this.#log.error({ thread, error }, `thread ${thread} cannot listen: ${error.message}`)
    void this.#workers[thread]?.worker?.terminate()
  }

  /** A worker is gone: what it held is taken back, and another takes its place. */
  #exited(thread: number, worker: Worker): void {
    const slot = this.#workers[thread]!
    if (slot.worker !== worker) return
    slot.worker = null
    this.#ledger.reclaim(thread)
    this.#questions.lost(thread)
    const lost = this.#store?.reclaim(thread) ?? 0
    slot.stopped.resolve()
    if (this.#ending) return slot.listening.resolve()
    if (!this.#begun && !slot.up) this.#failed.reject(new Error(`thread ${thread} died before it listened`))
    this.#down(slot)
    slot.stopped = Promise.withResolvers()
    const again = monotonic() - slot.startedAt < PAUSE
    slot.pause = setTimeout(() => this.#spawn(thread), again ? PAUSE : 0)
    this.#log.warn({ thread }, `thread ${thread} is being replaced; what it held was taken back`)
    if (lost > 0) this.#log.warn({ thread, parts: lost }, lostLine(thread, lost, this.#store!.plan.shards))
  }

  /** Its worker is gone, or about to be. */
  #down(slot: WorkerSlot): void {
    if (!slot.up) return
    slot.up = false
    slot.listening = Promise.withResolvers()
  }

  /** Asks all running workers; `A`: what they answer. */
  #ask<A>(command: (ask: number) => WorkerCommand): Promise<A[]> {
    const threads = [...this.#workers.keys()].filter((thread) => this.#workers[thread]!.worker !== null)
    return this.#questions.ask(threads, (ask) => this.#send(command(ask))) as Promise<A[]>
  }

  #cacheOrders(store: Store): CachePurger {
    return new CachePurger({
      config: this.#config,
      store,
      broadcast: async (removals) => {
        await this.#ask((ask) => ({ do: 'remove', removals, ask }))
      },
      why: async (targets) => together(await this.#ask<Noted>((ask) => ({ do: 'why', targets, ask }))),
      saturated: (routes) => saturation(this.#config, this.usage(), routes),
      count: (key) => this.#ledger.counter(key).total(),
    })
  }

  #send(command: WorkerCommand): void {
    for (const { worker } of this.#workers) worker?.postMessage(command)
  }

  stop(): Promise<void> {
    this.#ended ??= this.#end(this.#config.drain)
    return this.#ended
  }

  async #end(drain: number): Promise<void> {
    this.#stopSpawning()
    this.#send({ do: 'stop' })
    const all = Promise.all(this.#workers.map((slot) => (slot.worker === null ? undefined : slot.stopped.promise)))
    if (!(await within(all, drain))) {
      this.#limits.shutDown()
      this.#send({ do: 'kill' })
      await within(all, LAST_LINES)
    }
    await this.#terminate()
  }

  async kill(): Promise<void> {
    this.#stopSpawning()
    await this.#terminate()
  }

  #stopSpawning(): void {
    this.#ending = true
    this.#prober.stop()
    for (const { pause } of this.#workers) clearTimeout(pause)
  }

  async #terminate(): Promise<void> {
    this.#watches.stop()
    this.#occupancy.stop()
    this.#cache?.stop()
    // Last, so that the admin API shows the stop while it lasts.
    await this.#admin?.close()
    this.#admin = null
    await Promise.all(this.#workers.map((slot) => slot.worker?.terminate()))
  }

  reopenLogs(): void {
    this.#send({ do: 'reopen' })
  }

  setLimit(path: string, value: number): void {
    setLimit(this.#config, this.#limits, path, value)
    this.#ledger.ringAll()
  }

  setAdminState(pool: string, server: string, state: AdminState): void {
    const found = this.#servers.get(pool)?.find(({ name }) => name === server)
    if (found === undefined) throw new RangeError(`there is no server ${server} in a pool ${pool}`)
    found.adminState = state
    this.#ledger.ringAll()
  }

  usage(): Usage {
    return readUsage(this.#config, this.#ledger, this.#servers)
  }

  async incident(id: string): Promise<Incident | null> {
    const lines = await this.#ask<string | null>((ask) => ({ do: 'incident', id, ask }))
    const line = lines.find((one) => one !== null)
    return line === undefined ? null : (JSON.parse(line) as Incident)
  }

  crash(thread: number): void {
    const slot = this.#workers[thread]
    if (slot === undefined) throw new RangeError(`there is no thread ${thread}`)
    slot.worker?.postMessage({ do: 'crash' } satisfies WorkerCommand)
    this.#down(slot)
  }

  replaced(thread: number): Promise<void> {
    return this.#workers[thread]?.listening.promise ?? Promise.reject(new RangeError(`there is no thread ${thread}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
