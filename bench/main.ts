/** `npm run bench`: measures Headgate beside other proxies on this machine. */
import type { Context } from './context.ts'
import { shareCores } from './cores.ts'
import { runMillion } from './hits/million.ts'
import { runIdle } from './idle/idle.ts'
import { describeMachine, machineText } from './machine.ts'
import { type Options, readOptions, usage } from './options.ts'
import { countPoints, runOverload } from './overload/overload.ts'
import { everybody, peersFor } from './peers/all.ts'
import { otherHeadgate } from './peers/headgate.ts'
import { type Peer, programOf } from './peers/peer.ts'
import { ownCores, watchOthers } from './proc.ts'
import { Progress } from './progress.ts'
import { readReports, writePage, writeReport } from './report/files.ts'
import { overloadTable, plain, tableOf } from './report/table.ts'
import type { Report, Result } from './results.ts'
import { runRounds } from './rounds.ts'
import { runStart } from './start.ts'
import { choose, type Group, groups, quick } from './workloads.ts'
import { Yard } from './yard.ts'

const OK = 0
const FAILED = 1
const USAGE = 2
/** Share of the machine that others may use before it has to be said. */
const BUSY = 0.05
/** Name of the part that is no workload. */
const OVERLOAD = 'overload'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args)
    if (options.help) return say(usage)
    if (options.list) return say(listText())
    if (options.from.length > 0) return finish(options, show(readReports(options.from)))
    chosenGroups(options)
    if (options.against !== null) otherHeadgate(options.against)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return USAGE
  }
  return await measure(options)
}

async function measure(options: Options): Promise<number> {
  const warn = (text: string): void => {
    progress?.clear()
    process.stderr.write(`${text}\n`)
  }
  let progress: Progress | null = null
  const peers = findPeers(options, warn)
  const chosen = withoutWrk(chosenGroups(options), warn)
  if (programOf('nginx') === null && chosen.length > 0) {
    warn('the origin is nginx, and there is none: apt-get install nginx-light')
    return FAILED
  }
  const cores = options.pin && programOf('taskset') !== null ? ownCores() : []
  const yard = new Yard()
  endWith(yard)
  progress = new Progress(countSteps(options, chosen, peers), process.stderr)
  const context: Context = { ...options, yard, progress, peers, cores, warn }
  const machine = describeMachine(peers.filter(({ only }) => only === undefined))
  say(`${machineText(machine)}\n\n`)

  const share = watchOthers()
  const results: Result[] = []
  for (const group of chosen) {
    try {
      const found = await run(context, group)
      progress.clear()
      for (const result of found) say(`${plain(tableOf(result))}\n`)
      results.push(...found)
    } catch (error) {
      warn(`${group.name} was not measured: ${(error as Error).message}`)
    }
  }
  const overload = wantsOverload(options) ? await runOverload({ ...context, peers: peersFor(OVERLOAD, peers) }) : []
  progress.clear()
  if (overload.length > 0) say(`${plain(overloadTable(overload))}\n`)

  const { rounds, seconds } = options
  const others = share()
  if (others > BUSY)
    warn(`others used ${Math.round(others * 100)} % of the machine meanwhile: do not trust these numbers`)
  const how = { rounds, seconds, quick: options.quick, pinned: shareCores(cores, 1).proxy !== null, others }
  return finish(options, { at: new Date().toISOString(), machine, how, results, overload })
}

async function run(all: Context, group: Group): Promise<Result[]> {
  const context = { ...all, peers: peersFor(group.name, all.peers) }
  switch (group.kind) {
    case 'idle':
      return [await runIdle(context, group.workloads[0]!)]
    case 'million':
      return [await runMillion(context, group.workloads[0]!)]
    case 'start':
      return [await runStart(context, group.workloads[0]!)]
    default:
      return await runRounds(context, group)
  }
}

/** Writes what is to be written. */
function finish({ json, write, from }: Options, report: Report): number {
  const written = json === null || from.length > 0 ? [] : writeReport(json, report)
  if (write) written.push(...writePage(report))
  for (const file of written) say(`wrote ${file}\n`)
  return OK
}

/** Shows earlier results. */
function show(report: Report): Report {
  say(`${report.at}: ${machineText(report.machine)}\n\n`)
  for (const result of report.results) say(`${plain(tableOf(result))}\n`)
  if (report.overload.length > 0) say(`${plain(overloadTable(report.overload))}\n`)
  return report
}

function findPeers({ peers, against }: Options, warn: (text: string) => void): Peer[] {
  const [headgate, ...others] = everybody
  const found = others.filter((peer) => {
    if (peers !== null && !peers.includes(peer.name)) return false
    if (peer.version() !== null) return true
    if (peer.only === undefined) warn(`without ${peer.name}: it is not installed (apt-get install ${peer.package})`)
    return false
  })
  return [headgate!, ...(against === null ? [] : [otherHeadgate(against)]), ...found]
}

function chosenGroups({ names, quick: short }: Options): Group[] {
  const all = groups.flatMap(({ workloads }) => workloads.map(({ name }) => name))
  if (names.length === 0) return choose(short ? all.filter((name) => quick.has(name)) : all)
  return choose(names.filter((name) => name !== OVERLOAD))
}

function wantsOverload({ names }: Options): boolean {
  return names.length === 0 || names.includes(OVERLOAD)
}

function withoutWrk(chosen: readonly Group[], warn: (text: string) => void): Group[] {
  if (programOf('wrk') !== null) return [...chosen]
  const left = chosen.filter(({ kind }) => kind !== 'http' && kind !== 'hits')
  if (left.length < chosen.length)
    warn('without the workloads that wrk drives: it is not installed (apt-get install wrk)')
  return left
}

function countSteps(options: Options, chosen: readonly Group[], peers: readonly Peer[]): number {
  const { rounds, quick: short } = options
  const times = { http: rounds, hits: rounds, million: 1, websocket: rounds, idle: Math.min(rounds, 3), start: 1 }
  const steps = chosen.map(({ name, kind, workloads }) => workloads.length * peersFor(name, peers).length * times[kind])
  const points = wantsOverload(options) ? countPoints({ peers: peersFor(OVERLOAD, peers), quick: short }) : 0
  return steps.reduce((sum, one) => sum + one, points)
}

function listText(): string {
  const lines = groups.flatMap((group) => group.workloads.map(({ name, says }) => `  ${name.padEnd(14)}${says}`))
  return `${lines.join('\n')}\n  ${OVERLOAD.padEnd(14)}more than the origin can carry, at a constant rate\n`
}

/** Whatever ends the run, nothing of it stays behind. */
function endWith(yard: Yard): void {
  process.on('exit', () => yard.clear())
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }))
    process.on(signal, () => process.exit(128 + number))
}

function say(text: string): number {
  process.stdout.write(text)
  return OK
}
