/** What an idle keep-alive connection costs in memory. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { shareCores } from '../cores.ts'
import { median } from '../figures.ts'
import { Helper } from '../helper.ts'
import { openFiles } from '../nginx-frame.ts'
import { startOrigin } from '../nginx-origin.ts'
import type { Peer } from '../peers/peer.ts'
import { usageOf } from '../proc.ts'
import { ratios } from '../ratios.ts'
import type { Result } from '../results.ts'
import { startProxy } from '../running.ts'
import { simpleJob } from '../simple-job.ts'
import type { Workload } from '../workloads.ts'
import type { IdleOrder, IdleReport } from './driver.ts'

/** After the last connection was opened, in ms, for what is done a little later. */
const SETTLE = 1000
const QUICK_SETTLE = 400
/** Files that a process needs beside its connections. */
const OTHERS = 500

interface Sample {
  readonly rss0: number
  readonly rss1000: number
  readonly rssMost: number
  /** Bytes per connection. */
  readonly each: number
  readonly open: number
}

export async function runIdle(context: Context, { name, says }: Workload): Promise<Result> {
  const { yard, progress, peers } = context
  const cores = shareCores(context.cores, 1)
  const most = Math.min(10_000, openFiles() - OTHERS)
  if (most < 10_000) context.warn(`idle: only ${most} connections, for no process may open more files here`)
  await using origin = await startOrigin(yard, 1, cores.load)
  const samples = peers.map((): Sample[] => [])
  const rounds = Math.min(context.rounds, 3)
  for (let round = 0; round < rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      progress.say(`${name}: ${peer.name}, round ${round + 1} of ${rounds}`)
      try {
        samples[i]!.push(await measure(context, peer, origin.addresses, most))
      } catch (error) {
        context.warn(`${name}, ${peer.name}: ${(error as Error).message}`)
      }
    }
    progress.step(peers.length)
  }
  const relative = ratios(samples.map((all) => median(all.map(({ each }) => each))))
  return {
    workload: name,
    says: `${says}: none, 1000, ${most}`,
    measure: 'each',
    unit: 'bytes',
    columns: [
      { key: 'each', title: 'bytes each', digits: 0 },
      { key: 'rss0', title: 'RSS MB, none', digits: 1 },
      { key: 'rss1000', title: '1000', digits: 1 },
      { key: 'rssMost', title: String(most), digits: 1 },
    ],
    rows: peers.map(({ name: who }, i) => ({
      who,
      numbers: Object.fromEntries(
        (['each', 'rss0', 'rss1000', 'rssMost'] as const).map((key) => [key, median(samples[i]!.map((s) => s[key]))]),
      ),
      ratio: relative[i]!,
      growth: null,
      remark: samples[i]!.some(({ open }) => open < most) ? 'did not take all' : '',
      rounds: samples[i]!.map(({ each }) => each),
    })),
  }
}

async function measure(context: Context, peer: Peer, servers: readonly string[], most: number): Promise<Sample> {
  const { yard } = context
  const cores = shareCores(context.cores, 1)
  const job = await simpleJob(yard, servers, most)
  await using proxy = await startProxy(yard, peer, job, cores.proxy)
  await using driver = new Helper<IdleOrder, IdleReport>(yard, new URL('driver.ts', import.meta.url), cores.load)
  const rss: number[] = []
  let open = 0
  for (const connections of [0, 1000, most]) {
    open = (await driver.ask({ port: job.port, connections })).open
    await sleep(context.quick ? QUICK_SETTLE : SETTLE)
    rss.push(usageOf(proxy.pids).rss)
  }
  const [rss0, rss1000, rssMost] = rss as [number, number, number]
  return { rss0: rss0 / 1e6, rss1000: rss1000 / 1e6, rssMost: rssMost / 1e6, each: (rssMost - rss0) / open, open }
}
