/** How long a proxy takes from its start to its first answer. */
import type { Context } from './context.ts'
import { median, rotated } from './figures.ts'
import { startOrigin } from './nginx-origin.ts'
import type { Peer } from './peers/peer.ts'
import { usageOf } from './proc.ts'
import { ratios } from './ratios.ts'
import type { Result } from './results.ts'
import { startProxy } from './running.ts'
import { simpleJob } from './simple-job.ts'
import type { Workload } from './workloads.ts'

interface Sample {
  /** Until the first answer, and CPU time until then, in ms. */
  readonly ms: number
  readonly cpu: number
  /** MB. */
  readonly rss: number
}

export async function runStart(context: Context, { name, says }: Workload): Promise<Result> {
  const { yard, progress, peers } = context
  await using origin = await startOrigin(yard, 1, null)
  const samples = new Map(peers.map((peer) => [peer, [] as Sample[]]))
  // A start is over in no time, so that more rounds cost little.
  const rounds = Math.max(context.rounds, 3)
  for (let round = 0; round < rounds; round++) {
    progress.say(`${name}: round ${round + 1} of ${rounds}`)
    for (const peer of rotated(peers, round)) {
      try {
        samples.get(peer)!.push(await measure(context, peer, origin.addresses))
      } catch (error) {
        context.warn(`${name}, ${peer.name}: ${(error as Error).message}`)
      }
    }
  }
  progress.step(peers.length)
  const of = (peer: Peer, key: keyof Sample): number => median(samples.get(peer)!.map((sample) => sample[key]))
  const relative = ratios(peers.map((peer) => of(peer, 'ms')))
  return {
    workload: name,
    says,
    measure: 'ms',
    unit: 'ms',
    columns: [
      { key: 'ms', title: 'ms', digits: 0 },
      { key: 'cpu', title: 'CPU ms', digits: 0 },
      { key: 'rss', title: 'RSS MB', digits: 0 },
    ],
    rows: peers.map((peer, i) => ({
      who: peer.name,
      numbers: { ms: of(peer, 'ms'), cpu: of(peer, 'cpu'), rss: of(peer, 'rss') },
      ratio: relative[i]!,
      growth: null,
      remark: '',
      rounds: samples.get(peer)!.map(({ ms }) => ms),
    })),
  }
}

async function measure({ yard }: Context, peer: Peer, servers: readonly string[]): Promise<Sample> {
  const job = await simpleJob(yard, servers, 100)
  const start = performance.now()
  await using proxy = await startProxy(yard, peer, job, null)
  const ms = performance.now() - start
  const { cpu, rss } = usageOf(proxy.pids)
  return { ms, cpu: cpu / 1000, rss: rss / 1e6 }
}
