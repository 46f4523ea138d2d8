/** A worker thread: the data plane of one thread, its log, and the commands from the main thread. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Tree } from '../cache/purge/trees.ts'
import type { Purged } from '../exchange/context.ts'
import { Ledger } from '../ledger/ledger.ts'
import { TcpTransport } from '../net/transport/tcp-transport.ts'
import { Store } from '../store/store.ts'
import { AccessLog } from '../watch/log/access-log.ts'
import { jsonFormat } from '../watch/log/format/json.ts'
import { DataPlane } from './data-plane.ts'
import type { WorkerCommand, WorkerInit, WorkerMessage } from './messages.ts'

const { config, plan, memory, store, thread, openFiles, removals, binds } = workerData as WorkerInit
const port = parentPort
if (port === null) throw new Error('worker.ts is started by start.ts, as a worker thread')

/** How long writing the last lines of the log may take, in ms. */
const LAST_LINES = 1000
/** How many of the oldest occupants on each route are reported. */
const OLDEST = 5

function send(message: WorkerMessage): void {
  port?.postMessage(message)
}
function defect(error: unknown): void {
  send({ is: 'defect', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}

/** Incidents are reported in this format, whatever that of the log. */
const formatIncident = jsonFormat(thread)

/** Purges that clients asked for and wait for, by number. */
const purges = new Map<number, (purged: Purged) => void>()
let lastPurge = 0
function purge(targets: readonly string[]): Promise<Purged> {
  const { promise, resolve } = Promise.withResolvers<Purged>()
  const ask = ++lastPurge
  purges.set(ask, resolve)
  send({ is: 'purge', targets, ask })
  return promise
}

/** Changes that clients made, by number; their answers wait until the changes are in effect. */
const changes = new Map<number, () => void>()
let lastChange = 0
function changed(trees: readonly Tree[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ask = ++lastChange
  changes.set(ask, resolve)
  send({ is: 'changed', trees, ask })
  return promise
}

const ledger = new Ledger(memory, plan, thread)
ledger.join()
TcpTransport.onDefect = defect
const log =
  config.accessLog === null
    ? null
    : new AccessLog(config.accessLog, thread, (trouble) => send({ is: 'trouble', trouble }))
const onlyFailures = config.accessLog?.requests === 'failures'
const plane = new DataPlane(
  config,
  ledger,
  thread,
  {
    defect,
    purge,
    changed,
    record: log === null || onlyFailures ? null : (record) => log.write(record),
    incident: log !== null && onlyFailures ? (record) => log.write(record) : null,
  },
  store === null ? null : new Store(store, thread, (other) => ledger.wake(other)),
  openFiles,
)
plane.remove(removals)
const stopListening = new AbortController()
ledger
  .listen(() => plane.onRing(), stopListening.signal)
  .catch((error: unknown) => {
    // Without the bell waiters would wait for ever: let the thread be replaced.
    queueMicrotask(() => {
      throw error
    })
  })

port.on('message', (command: WorkerCommand) => {
  switch (command.do) {
    case 'stop':
      plane.stop().then(async () => {
        await log?.close(LAST_LINES)
        send({ is: 'stopped' })
      }, defect)
      break
    case 'kill':
      plane.kill()
      break
    case 'reopen':
      log?.reopen().catch(defect)
      break
    case 'remove':
      plane.remove(command.removals)
      send({ is: 'removed', ask: command.ask, answer: null })
      break
    case 'purged':
      purges.get(command.ask)?.(command.purged)
      purges.delete(command.ask)
      break
    case 'changed':
      changes.get(command.ask)?.()
      changes.delete(command.ask)
      break
    case 'why':
      send({ is: 'noted', ask: command.ask, answer: plane.notes.find(command.targets) })
      break
    case 'refreshes':
      send({ is: 'refreshes', ask: command.ask, answer: plane.notes.refreshes.all })
      break
    case 'incident': {
      const record = plane.incidents.find(command.id)
      send({ is: 'incident', ask: command.ask, answer: record && formatIncident(record) })
      break
    }
    case 'occupants':
      send({ is: 'occupants', ask: command.ask, answer: plane.occupants.oldest(OLDEST) })
      break
    case 'crash':
      throw new Error('crashed on command')
  }
})

plane.listen(binds).then(
  (bound) => send({ is: 'listening', bound }),
  (error: NodeJS.ErrnoException) => send({ is: 'failed', message: error.message, system: { ...error } }),
)
