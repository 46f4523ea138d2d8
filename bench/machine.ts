/** On what, and with what, the numbers were taken. */
import { cpus, release, totalmem, type } from 'node:os'
import type { Peer } from './peers/peer.ts'
import { versionOf } from './peers/peer.ts'
import { ownCores } from './proc.ts'
import type { Machine } from './results.ts'

export function describeMachine(peers: readonly Peer[]): Machine {
  const versions: Record<string, string> = {}
  for (const peer of peers) versions[peer.name] = peer.version() ?? '?'
  versions.node = process.versions.node
  const wrk = versionOf('wrk', ['-v'], /wrk \S*?(\d+\.\d+\.\d+)/)
  if (wrk !== null) versions.wrk = wrk
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: ownCores().length,
    memory: totalmem(),
    system: `${type()} ${release().replace(/-.*/, '')}`,
    versions,
  }
}

/** The same as a sentence. */
export function machineText({ processor, cores, memory, system, versions }: Machine): string {
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${processor}, ${cores} core${cores === 1 ? '' : 's'}, ${Math.round(memory / 1e9)} GB, ${system}; ${parts.join(', ')}`
}
