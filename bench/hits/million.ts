/**
 * A cache with a million objects: the memory that each takes, and whether hits are slower while others are stored and
 * must make room. Hits and new objects are asked for at a constant rate that everybody can carry, so that latency tells
 * of stalls and not of how busy a proxy is.
 */
import { freemem } from 'node:os'
import type { Context } from '../context.ts'
import { type Cores, shareCores } from '../cores.ts'
import { median, rotated } from '../figures.ts'
import { type Origin, startOrigin } from '../nginx-origin.ts'
import type { Peer } from '../peers/peer.ts'
import { ratios } from '../ratios.ts'
import type { Result } from '../results.ts'
import { type Running, startProxy } from '../running.ts'
import { simpleJob } from '../simple-job.ts'
import type { Workload } from '../workloads.ts'
import { CacheClient } from './client.ts'
import { heldBy, hitShare } from './held.ts'
import type { Flow } from './pace.ts'

/** Asked for while others come and go. */
const HOT: Flow = { path: '/hit/120/', from: 0, count: 1000, rate: 2000, connections: 64 }
/** One small object, over one connection: how long it takes is how long a proxy does something else. */
const TINY: Flow = { path: '/hit/120/', from: 0, count: 1, rate: 500, connections: 1 }
/** New objects, each asked for once, of 10 KB: for each of them several of the small ones have to go. */
const NEW: Flow = { path: '/hit/10k/', from: 0, count: 1e9, rate: 500, connections: 64 }
/** What fills the room that the small ones leave: objects of 100 KB, until this much more than fits was stored. */
const POUR = { path: '/hit/100k/', size: 102_400, over: 1.05 }
const MB = 1_048_576
/** Bytes that no stored object of 120 bytes can do with less of. */
const LEAST = 120
/** Memory that is needed beside the cache, in MB. */
const BESIDE = 1024
/** How often all that is hot is asked for before the first round, and how many rounds before it do not count. */
const WARM = 100
const WARM_ROUNDS = 8
/** How late the client may be (p99), in ms, before its numbers say more about the machine than about a proxy. */
const LATE = 2

const columns = [
  { key: 'each', title: 'bytes each', digits: 0 },
  { key: 'rss', title: 'RSS MB', digits: 0 },
  { key: 'calm50', title: 'calm: p50 ms', digits: 2 },
  { key: 'calm99', title: 'p99 ms', digits: 2 },
  { key: 'p50', title: 'evicting: p50 ms', digits: 2 },
  { key: 'p99', title: 'p99 ms', digits: 2 },
  { key: 'tiny', title: 'tiny: p99 ms', digits: 2 },
  { key: 'hits', title: 'hits %', digits: 1 },
] as const

type Key = (typeof columns)[number]['key']

/** One proxy, filled up, and what was measured of it. */
interface Entry {
  readonly peer: Peer
  /** null where there is nothing to measure. */
  readonly proxy: Running | null
  readonly each: number | null
  readonly rss: number
  readonly samples: Record<string, number>[]
  remark: string
}

/** All have their turn in every round, as far as memory reaches for all of them at once. */
export async function runMillion(context: Context, workload: Workload): Promise<Result> {
  const cores = shareCores(context.cores, 1)
  await using origin = await startOrigin(context.yard, 1, cores.load)
  const entries: Entry[] = []
  const need = workload.cache!.size + BESIDE
  while (entries.length < context.peers.length) {
    const fitting = Math.floor(freemem() / (need * MB))
    const peers = context.peers.slice(entries.length, fitting === 0 ? undefined : entries.length + fitting)
    if (fitting === 0) {
      entries.push(...peers.map((peer) => without(peer, `takes ${need} MB of memory, there is less`)))
      context.progress.step(peers.length)
    } else entries.push(...(await measureSome({ ...context, peers }, workload, origin, cores)))
  }
  const relative = ratios(entries.map(({ each }) => each ?? Number.NaN))
  return {
    workload: workload.name,
    says: workload.says,
    measure: 'each',
    unit: 'bytes',
    columns,
    rows: entries.map((entry, i) => ({
      who: entry.peer.name,
      numbers: numbersOf(entry),
      ratio: relative[i]!,
      growth: null,
      remark: remarkOf(entry),
      rounds: [entry.each ?? Number.NaN],
    })),
  }
}

/** Those for whom there is memory at the same time. */
async function measureSome(context: Context, workload: Workload, origin: Origin, cores: Cores): Promise<Entry[]> {
  const { yard, progress } = context
  await using stack = new AsyncDisposableStack()
  const client = stack.use(new CacheClient(yard, cores.load))
  // In a process of its own, so that it does not wait for what the other one does.
  const single = stack.use(new CacheClient(yard, cores.load))
  const ground = { client, single, origin }
  const entries: Entry[] = []
  for (const peer of context.peers) {
    const entry = await enter(context, workload, peer, cores.proxy, ground, stack).catch((error: Error) => {
      context.warn(`${workload.name}, ${peer.name}: ${error.message}`)
      return without(peer, 'failed')
    })
    entries.push(entry)
    // Who is not asked has no part of the processor, not even for tidying up.
    entry.proxy?.pause()
    progress.step()
  }
  const running = entries.filter(({ proxy }) => proxy !== null)
  for (let round = 0; round < context.rounds; round++) {
    for (const entry of rotated(running, round)) {
      progress.say(`${workload.name}: ${entry.peer.name} has hits, round ${round + 1} of ${context.rounds}`)
      entry.proxy!.resume()
      try {
        entry.samples.push(await mix(context, ground, entry.proxy!, round))
      } catch (error) {
        context.warn(`${workload.name}, ${entry.peer.name}: ${(error as Error).message}`)
        entry.remark = 'failed'
      }
      entry.proxy!.pause()
    }
  }
  for (const { peer, samples } of running) {
    const late = median(samples.map((sample) => sample.late!))
    if (late > LATE) context.warn(`${workload.name}, ${peer.name}: the client was ${late.toFixed(1)} ms late`)
  }
  return entries
}

/** Starts a proxy and has it store a million objects, then as much as it has room for. `stack` gets what is to end. */
async function enter(
  context: Context,
  workload: Workload,
  peer: Peer,
  core: Cores['proxy'],
  ground: Ground,
  stack: AsyncDisposableStack,
): Promise<Entry> {
  const { yard, progress } = context
  const { client, origin } = ground
  const say = (what: string): void => progress.say(`${workload.name}: ${peer.name} ${what}`)
  const cache = { ...workload.cache!, folder: yard.memoryFolder() }
  // Who fails here is gone at once, and takes nothing from the others.
  await using own = new AsyncDisposableStack()
  own.defer(() => yard.remove(cache.folder))
  const job = await simpleJob(yard, origin.addresses, workload.connections, { cache })
  const cannot = peer.cannot(job)
  if (cannot !== null) return without(peer, cannot)

  const proxy = own.use(await startProxy(yard, peer, job, core, workload.request.paths[0]))
  const { count } = workload.request.keys!
  const { port } = job
  const before = heldBy(proxy)
  say(`stores ${count} objects`)
  await client.fill({ port, path: HOT.path, from: 0, count })
  const held = heldBy(proxy)
  say('is filled up')
  const left = cache.size * MB * POUR.over - (held - before)
  await client.fill({ port, path: POUR.path, from: 0, count: Math.max(0, Math.ceil(left / POUR.size)) })
  const entry = { peer, proxy, each: eachOf(held - before, count), rss: heldBy(proxy), samples: [], remark: '' }
  say('is warmed up')
  // At the pace of the rounds a compiler would not be done with hits before the last of them.
  for (let i = 0; i < WARM; i++) await client.fill({ port, path: HOT.path, from: HOT.from, count: HOT.count })
  // Nor with what is done to store and to evict. Their new objects come after those of the rounds that count.
  for (let i = 0; i < WARM_ROUNDS; i++) await mix(context, ground, proxy, context.rounds + i)
  stack.use(own.move())
  return entry
}

function numbersOf({ each, rss, samples }: Entry): Readonly<Record<Key, number>> {
  const measured: Partial<Record<Key, number>> = { each: each ?? Number.NaN, rss: rss / 1e6 }
  const of = (key: Key): number => measured[key] ?? median(samples.map((sample) => sample[key]!))
  return Object.fromEntries(columns.map(({ key }) => [key, of(key)])) as Record<Key, number>
}

function remarkOf({ proxy, each, samples, remark }: Entry): string {
  if (remark !== '' || proxy === null) return remark
  const errors = samples.reduce((sum, { errors }) => sum + errors!, 0)
  if (errors > 0) return `${errors} errors`
  return each === null ? 'all its memory is resident from the start' : ''
}

interface Ground {
  readonly client: CacheClient
  readonly single: CacheClient
  readonly origin: Origin
}

/** Hits alone, then with others that come and go. */
async function mix(
  { seconds }: Context,
  { client, single, origin }: Ground,
  proxy: Running,
  round: number,
): Promise<Record<string, number>> {
  const { port } = proxy.job
  // What went when the cache was filled up comes back.
  await client.fill({ port, path: HOT.path, from: HOT.from, count: HOT.count })
  const calm = await client.pace({ port, seconds, flows: [HOT] })
  const served = origin.served()
  const fresh = { ...NEW, from: round * NEW.rate * Math.ceil(seconds) }
  const [both, one] = await Promise.all([
    client.pace({ port, seconds, flows: [HOT, fresh] }),
    single.pace({ port, seconds, flows: [TINY] }),
  ])
  const [alone, hot, stored, tiny] = [calm.flows[0]!, both.flows[0]!, both.flows[1]!, one.flows[0]!]
  return {
    calm50: alone.p50,
    calm99: alone.p99,
    p50: hot.p50,
    p99: hot.p99,
    tiny: tiny.p99,
    hits: hitShare(hot.requests, origin.served() - served - stored.requests) * 100,
    errors: alone.errors + hot.errors + stored.errors + tiny.errors,
    late: Math.max(calm.late, both.late, one.late),
  }
}

/** Bytes for each object; null where memory was resident before there was one. */
export function eachOf(growth: number, count: number): number | null {
  const each = growth / count
  return each < LEAST ? null : each
}

function without(peer: Peer, remark: string): Entry {
  return { peer, proxy: null, each: null, rss: Number.NaN, samples: [], remark }
}
