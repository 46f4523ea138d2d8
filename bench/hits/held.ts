/** What a cache holds in memory, and how many of the answers were its own. */
import { execFileSync } from 'node:child_process'
import { memoryOf } from '../proc.ts'
import type { Running } from '../running.ts'

/** Bytes of memory: resident, what processes share counted once, and the files that are kept in memory. */
export function heldBy({ pids, job }: Running): number {
  return memoryOf(pids) + (job.cache === null ? 0 : sizeOf(job.cache.folder))
}

/** Share of hits, 0 … 1, when the origin saw `served` of all requests. What was under way before may be among them. */
export function hitShare(requests: number, served: number): number {
  return Math.max(0, 1 - served / requests)
}

/** Bytes that the files of a folder take up, whole blocks. */
function sizeOf(folder: string): number {
  // Files may go while it looks, which it then complains about.
  const text = execFileSync('/bin/sh', ['-c', 'du -s -B1 "$1" 2>/dev/null || true', 'sh', folder], { encoding: 'utf8' })
  return Number.parseInt(text, 10)
}
