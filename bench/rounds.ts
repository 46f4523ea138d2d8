/**
 * Measures in alternating rounds: every round each proxy has its turn, and every round another is first, so that what
 * changes on the machine in the meantime meets all alike. The median of the rounds counts.
 */
import { truncateSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from './context.ts'
import { shareCores } from './cores.ts'
import { median, rotated } from './figures.ts'
import { Helper } from './helper.ts'
import { CacheClient } from './hits/client.ts'
import { heldBy, hitShare } from './hits/held.ts'
import type { Load } from './load/load.ts'
import { runWrk } from './load/wrk.ts'
import { type Origin, startOrigin } from './nginx-origin.ts'
import type { Job, Peer } from './peers/peer.ts'
import { freePort } from './ports.ts'
import { usageOf } from './proc.ts'
import { ratios } from './ratios.ts'
import type { Column, Result } from './results.ts'
import { type Running, startProxy } from './running.ts'
import { simpleJob } from './simple-job.ts'
import type { EchoLoadOrder } from './websocket/driver.ts'
import type { EchoOrder } from './websocket/origin.ts'
import type { Group, Workload } from './workloads.ts'

/** One proxy set up for one workload, and what was measured of it. */
interface Entry {
  readonly workload: Workload
  readonly peer: Peer
  readonly proxy: Running | null
  /** One per round, by key of the columns. */
  readonly samples: Record<string, number>[]
  errors: number
  remark: string
}

/** A run before the measured ones, in seconds: compilers, caches and pools of connections get warm. */
const WARM = 2
/** In a quick run, which has no more time than that. */
const QUICK_WARM = 0.5
/** Between two runs, in seconds: the first 200 ms nginx, for one, still closes what the last one left. */
const PAUSE = 0.2

/** Runs the workloads of a group against each other. */
export async function runRounds(context: Context, group: Group): Promise<Result[]> {
  const { yard, progress, rounds } = context
  const cores = shareCores(context.cores, Math.max(...group.workloads.map(({ threads }) => threads)))
  progress.say(`${group.name}: starting`)
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(await originFor(context, group, cores.load))
  const starts = group.workloads.flatMap((workload) => context.peers.map((peer) => enter(workload, peer)))
  const entries = await Promise.all(starts)

  async function enter(workload: Workload, peer: Peer): Promise<Entry> {
    const entry = { workload, peer, samples: [], errors: 0 }
    const job = await jobOf(context, group, workload, origin.addresses)
    const cannot = peer.cannot(job)
    if (cannot !== null) return { ...entry, proxy: null, remark: cannot }
    try {
      const proxy = stack.use(await startProxy(yard, peer, job, cores.proxy, workload.request.paths[0]))
      return { ...entry, proxy, remark: '' }
    } catch (error) {
      context.warn(`${peer.name} is left out of ${workload.name}: ${(error as Error).message}`)
      return { ...entry, proxy: null, remark: 'did not start' }
    }
  }

  const running = entries.filter(({ proxy }) => proxy !== null)
  for (const { job } of running.map(({ proxy }) => proxy!))
    if (job.cache) stack.defer(() => yard.remove(job.cache!.folder))
  await fill(context, group, running, cores.load)
  const drive = stack.use(driverOf(context, group, cores.load))
  for (const entry of running) {
    progress.say(`${entry.workload.name}: ${entry.peer.name} is warmed up`)
    await drive.run(entry, context.quick ? QUICK_WARM : WARM).catch(() => {})
  }
  for (let round = 0; round < rounds; round++) {
    for (const entry of rotated(running, round)) {
      progress.say(`${entry.workload.name}: ${entry.peer.name}, round ${round + 1} of ${rounds}`)
      await sleep(PAUSE * 1000)
      await measure(context, entry, drive, origin)
    }
    progress.step(entries.length)
  }
  return group.workloads.map((workload) => resultOf(group, workload, entries))
}

/** Has every proxy store all that it will be asked for. */
async function fill(context: Context, group: Group, entries: readonly Entry[], cores: string | null): Promise<void> {
  if (group.kind !== 'hits') return
  await using client = new CacheClient(context.yard, cores)
  for (const { workload, peer, proxy } of entries) {
    const { paths, keys } = workload.request
    if (keys === undefined) continue
    context.progress.say(`${workload.name}: ${peer.name} stores ${keys.count} objects`)
    await client.fill({ port: proxy!.job.port, path: paths[0]!, from: 0, count: keys.count })
  }
}

interface Driver extends AsyncDisposable {
  run(entry: Entry, seconds: number): Promise<Load>
}

async function measure(context: Context, entry: Entry, drive: Driver, origin: Origin): Promise<void> {
  const { pids, job } = entry.proxy!
  try {
    const before = usageOf(pids)
    const served = origin.served()
    const load = await drive.run(entry, context.seconds)
    const after = usageOf(pids)
    entry.errors += load.errors
    if (load.requests === 0) return
    const rss = job.cache === null ? after.rss : heldBy(entry.proxy!)
    const sample = sampleOf(entry.workload, load, after.cpu - before.cpu, rss)
    entry.samples.push({ ...sample, hits: hitShare(load.requests, origin.served() - served) * 100 })
  } catch (error) {
    context.warn(`${entry.workload.name}, ${entry.peer.name}: ${(error as Error).message}`)
    entry.remark = 'failed'
  }
  if (job.log !== null) truncateSync(job.log)
}

function sampleOf(workload: Workload, load: Load, cpu: number, rss: number): Record<string, number> {
  const bytes = load.bytes + load.requests * (workload.request.body ?? 0)
  return {
    cpu: cpu / load.requests,
    rate: load.requests / load.seconds,
    p50: load.p50,
    p99: load.p99,
    rss: rss / 1e6,
    // Bytes per µs are megabytes per second.
    bytes: bytes / cpu,
  }
}

async function jobOf(context: Context, group: Group, workload: Workload, servers: readonly string[]): Promise<Job> {
  const job = await simpleJob(context.yard, servers.slice(0, workload.servers), workload.connections)
  const { threads, routes, log } = workload
  const upgrade = group.kind === 'websocket'
  const cache = workload.cache && { ...workload.cache, folder: context.yard.memoryFolder() }
  return { ...job, threads, routes, upgrade, cache, log: log ? `${job.folder}/access.log` : null }
}

async function originFor({ yard }: Context, group: Group, cores: string | null): Promise<Origin> {
  if (group.kind !== 'websocket')
    return await startOrigin(yard, Math.max(...group.workloads.map(({ servers }) => servers)), cores)
  const port = await freePort()
  const origin = new Helper<EchoOrder, object>(yard, new URL('websocket/origin.ts', import.meta.url), cores)
  await origin.ask({ port })
  const addresses = [`127.0.0.1:${port}`]
  return { addresses, served: () => 0, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

function driverOf({ yard }: Context, group: Group, cores: string | null): Driver {
  if (group.kind !== 'websocket') {
    return {
      run: ({ workload, proxy }, seconds) => runWrk(yard, { ...workload, port: proxy!.job.port, seconds, cores }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const driver = new Helper<EchoLoadOrder, Load>(yard, new URL('websocket/driver.ts', import.meta.url), cores)
  return {
    run: ({ workload, proxy }, seconds) =>
      driver.ask({ port: proxy!.job.port, connections: workload.connections, seconds }),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  }
}

/** What is counted, where it is not a request. */
const nouns: Partial<Record<Group['kind'], string>> = { websocket: 'message', hits: 'hit' }

function columnsOf(group: Group, workload: Workload): Column[] {
  const what = nouns[group.kind] ?? 'request'
  const large = workload.name.startsWith('body') || workload.name.startsWith('post')
  return [
    { key: 'cpu', title: `CPU µs/${what}`, digits: 1 },
    ...(large ? [{ key: 'bytes', title: 'MB per CPU s', digits: 0 }] : []),
    { key: 'rate', title: `${what}s/s`, digits: 0 },
    { key: 'p50', title: 'p50 ms', digits: 2 },
    { key: 'p99', title: 'p99 ms', digits: 2 },
    { key: 'rss', title: 'RSS MB', digits: 0 },
    ...(group.kind === 'hits' ? [{ key: 'hits', title: 'hits %', digits: 1 }] : []),
  ]
}

function resultOf(group: Group, workload: Workload, entries: readonly Entry[]): Result {
  const columns = columnsOf(group, workload)
  const first = group.workloads[0]!
  const mine = entries.filter((entry) => entry.workload === workload)
  const relative = ratios(mine.map((entry) => of(entry, 'cpu')))
  return {
    workload: workload.name,
    says: workload.says,
    measure: 'cpu',
    unit: 'µs',
    columns,
    rows: mine.map((entry, i) => {
      const base = entries.find(({ workload: other, peer }) => other === first && peer === entry.peer)!
      const growth = workload === first ? null : of(entry, 'cpu') / of(base, 'cpu')
      return {
        who: entry.peer.name,
        numbers: Object.fromEntries(columns.map(({ key }) => [key, of(entry, key)])),
        ratio: relative[i]!,
        growth,
        remark: entry.errors > 0 ? `${entry.errors} errors` : entry.remark,
        rounds: entry.samples.map(({ cpu }) => cpu!),
      }
    }),
  }
}

function of({ samples }: Entry, key: string): number {
  return median(samples.map((sample) => sample[key]!))
}
