/**
 * A cache with a million objects: the memory that each takes, and whether hits are slower while others are stored and
 * must make room. Hits and new objects are asked for at a constant rate that everybody can carry, so that latency tells
 * of stalls and not of how busy a proxy is.
 */
import { freemem } from 'node:os'
import type { Context } from '../context.ts'
import { shareCores } from '../cores.ts'
import { median } from '../figures.ts'
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
const BESIDE = 2048
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

interface Outcome {
  /** By key of the columns. */
  readonly numbers: Readonly<Record<Key, number>>
  readonly remark: string
}

export async function runMillion(context: Context, workload: Workload): Promise<Result> {
  const { yard, progress, peers } = context
  await using origin = await startOrigin(yard, 1, shareCores(context.cores, 1).load)
  const outcomes: Outcome[] = []
  for (const peer of peers) {
    outcomes.push(await measure(context, workload, peer, origin).catch((error: Error) => nothing(error, peer)))
    progress.step()
  }
  const relative = ratios(outcomes.map(({ numbers }) => numbers.each))
  return {
    workload: workload.name,
    says: workload.says,
    measure: 'each',
    unit: 'bytes',
    columns,
    rows: peers.map(({ name }, i) => ({
      who: name,
      numbers: outcomes[i]!.numbers,
      ratio: relative[i]!,
      growth: null,
      remark: outcomes[i]!.remark,
      rounds: [outcomes[i]!.numbers.each],
    })),
  }

  function nothing(error: Error, { name }: Peer): Outcome {
    context.warn(`${workload.name}, ${name}: ${error.message}`)
    return without('failed')
  }
}

async function measure(context: Context, workload: Workload, peer: Peer, origin: Origin): Promise<Outcome> {
  const { yard, progress } = context
  const cores = shareCores(context.cores, 1)
  const say = (what: string): void => progress.say(`${workload.name}: ${peer.name} ${what}`)
  const cache = { ...workload.cache!, folder: yard.memoryFolder() }
  const job = await simpleJob(yard, origin.addresses, workload.connections, { cache })
  const cannot = peer.cannot(job)
  if (cannot !== null) return without(cannot)
  if (freemem() < (cache.size + BESIDE) * MB) return without(`takes ${cache.size + BESIDE} MB of memory, there is less`)

  await using stack = new AsyncDisposableStack()
  stack.defer(() => yard.remove(cache.folder))
  const proxy = stack.use(await startProxy(yard, peer, job, cores.proxy, workload.request.paths[0]))
  const client = stack.use(new CacheClient(yard, cores.load))
  // In a process of its own, so that it does not wait for what the other one does.
  const single = stack.use(new CacheClient(yard, cores.load))
  const { port } = job

  const { count } = workload.request.keys!
  const before = heldBy(proxy)
  say(`stores ${count} objects`)
  await client.fill({ port, path: HOT.path, from: 0, count })
  const held = heldBy(proxy)
  say('is filled up')
  const left = cache.size * MB * POUR.over - (held - before)
  await client.fill({ port, path: POUR.path, from: 0, count: Math.max(0, Math.ceil(left / POUR.size)) })
  const rss = heldBy(proxy)

  const rounds: Record<string, number>[] = []
  for (let round = 0; round < context.rounds; round++) {
    say(`has hits, round ${round + 1} of ${context.rounds}`)
    rounds.push(await mix(context, { client, single, origin, proxy }, round))
  }
  const each = eachOf(held - before, count)
  const late = median(rounds.map((one) => one.late!))
  if (late > LATE) context.warn(`${workload.name}, ${peer.name}: the client was ${late.toFixed(1)} ms late`)
  const of = (key: Key): number => median(rounds.map((one) => one[key]!))
  const errors = rounds.reduce((sum, one) => sum + one.errors!, 0)
  const { calm50, calm99, p50, p99, tiny, hits } = Object.fromEntries(
    columns.map(({ key }) => [key, of(key)]),
  ) as Outcome['numbers']
  return {
    numbers: { each: each ?? Number.NaN, rss: rss / 1e6, calm50, calm99, p50, p99, tiny, hits },
    remark: errors > 0 ? `${errors} errors` : each === null ? 'all its memory is resident from the start' : '',
  }
}

interface Ground {
  readonly client: CacheClient
  readonly single: CacheClient
  readonly origin: Origin
  readonly proxy: Running
}

/** Hits alone, then with others that come and go. */
async function mix(
  { seconds }: Context,
  { client, single, origin, proxy }: Ground,
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

function without(remark: string): Outcome {
  const numbers = Object.fromEntries(columns.map(({ key }) => [key, Number.NaN])) as Outcome['numbers']
  return { numbers, remark }
}
