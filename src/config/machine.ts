/** What the machine allows this process, as far as the configuration depends on it. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

/** What the machine allows, as far as it is known; unknown things are not checked against. */
export interface Machine {
  /** Soft limit of open file descriptors (RLIMIT_NOFILE) of this process. */
  readonly openFiles?: number
  /** The lowest port this user may listen on; unset when any. */
  readonly firstFreePort?: number
  /** Whether the paths that are named are looked up in its file system. */
  readonly looksAtPaths?: boolean
  /** Addresses of its network interfaces. */
  readonly addresses?: readonly string[]
}

/** Reads it from the system; what cannot be found out is left open and not checked against. */
export function readMachine(): Machine {
  const openFiles = openFilesIn(read('/proc/self/limits'))
  const from = Number(read('/proc/sys/net/ipv4/ip_unprivileged_port_start') || Number.NaN)
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1]
  // Bit 10 is CAP_NET_BIND_SERVICE (capabilities(7)); root has it unless it was taken away.
  const mayBind = effective !== undefined && ((BigInt(`0x${effective}`) >> 10n) & 1n) === 1n
  return {
    ...(openFiles !== null && { openFiles }),
    looksAtPaths: true,
    addresses: Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []),
    ...(!mayBind && Number.isInteger(from) && { firstFreePort: from }),
  }
}

/** The soft limit in the text of /proc/self/limits; null when it has none, or "unlimited". */
export function openFilesIn(limits: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? null : Number(soft)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
