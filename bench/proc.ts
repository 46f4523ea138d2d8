/**
 * What the kernel has counted for a process and all it started, from /proc. The counts of children that have ended and
 * were waited for stay in their parent, so that the sum over a tree never goes back.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Length of a tick of /proc/<pid>/stat in µs: USER_HZ is 100 on every Linux. */
const TICK = 10_000

export interface Usage {
  /** User and system time of all threads since the start, in µs, exact to a few ticks of 10 ms. */
  readonly cpu: number
  /** Resident memory in bytes, pages shared within the tree counted for each process. */
  readonly rss: number
}

/** The sum over the trees of the given processes; a process that is gone counts nothing. */
export function usageOf(roots: readonly number[]): Usage {
  let cpu = 0
  let rss = 0
  for (const pid of roots.flatMap(treeOf)) {
    cpu += cpuOf(read(`/proc/${pid}/stat`))
    rss += rssOf(read(`/proc/${pid}/status`))
  }
  return { cpu, rss }
}

/** A process and everything below it, parents first. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

/** CPU time in µs from the text of a `stat` file: utime, stime, cutime, cstime (proc_pid_stat(5), fields 14 to 17). */
export function cpuOf(stat: string): number {
  // The name, in parentheses, may contain anything; the state, field 3, follows the last of them.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return ticks * TICK
}

/** Resident bytes from the text of a `status` file; 0 for a process that has ended. */
export function rssOf(status: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

/** Resident memory in bytes of the trees of the given processes, pages they share counted once. */
export function memoryOf(roots: readonly number[]): number {
  return roots.flatMap(treeOf).reduce((sum, pid) => sum + pssOf(read(`/proc/${pid}/smaps_rollup`)), 0)
}

/** Bytes from the text of a `smaps_rollup` file, a shared page divided by those who share it; 0 for an empty text. */
export function pssOf(rollup: string): number {
  return Number(/^Pss:\s*(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024
}

/** Time in µs that all cores together were busy since the machine started, from the text of /proc/stat (proc_stat(5)). */
export function busyOf(stat: string): number {
  const [user, nice, system, , , irq, softirq] = stat.split('\n', 1)[0]!.split(/\s+/).slice(1).map(Number)
  return (user! + nice! + system! + irq! + softirq!) * TICK
}

/**
 * Watches how much of the machine others use: returns a function that tells their share, 0 … 1, of the time of all cores
 * since this call.
 */
export function watchOthers(): () => number {
  const others = (): number => busyOf(read('/proc/stat')) - usageOf([process.pid]).cpu
  const [before, start] = [others(), performance.now()]
  const cores = read('/proc/stat').match(/^cpu\d/gm)?.length ?? 1
  return () => Math.max(0, (others() - before) / ((performance.now() - start) * 1000 * cores))
}

/** Processor numbers from a list such as `0-2,5`. */
export function coresOf(list: string): number[] {
  const cores: number[] = []
  for (const part of list.trim().split(',')) {
    const [first, last] = part.split('-').map(Number)
    for (let core = first!; core <= (last ?? first!); core++) cores.push(core)
  }
  return cores
}

/** The processors this process may use. */
export function ownCores(): number[] {
  return coresOf(/^Cpus_allowed_list:\s*(\S+)$/m.exec(read('/proc/self/status'))?.[1] ?? '0')
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

/** A file of /proc; empty when its process has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
