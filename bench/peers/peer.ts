/** What is compared: a proxy that can be found, and told to do a certain job. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Command } from '../yard.ts'

/** The job that all proxies do alike. Each writes it down in its own language. */
export interface Job {
  /** Port of loopback to listen on. */
  readonly port: number
  /** An empty folder for its files. */
  readonly folder: string
  readonly threads: number
  /** The servers, as `host:port`. */
  readonly servers: readonly string[]
  /** Requests at once at each server. */
  readonly serverConnections: number
  /** Those who may wait for a server: how many, and how long in ms; null: nobody needs to. */
  readonly queue: { readonly max: number; readonly timeout: number } | null
  /** Client connections there will be at once. */
  readonly clients: number
  /** Number of path prefixes `/r0/`, `/r1/` … that lead to the servers; 0: every path does. */
  readonly routes: number
  /** File for the access log; null: no log. */
  readonly log: string | null
  /** Whether connections are upgraded to WebSocket. */
  readonly upgrade: boolean
  /** Room for what may be cached; null: nothing is. */
  readonly cache: CacheRoom | null
}

/** A cache that is as large for one as for all others. */
export interface CacheRoom {
  /** In MB of 1,048,576 bytes. */
  readonly size: number
  /** How many objects there will be, for those who set memory aside for each. */
  readonly objects: number
  /** An empty folder for those who keep objects in files: in memory where the system has such. */
  readonly folder: string
}

export interface Peer {
  readonly name: string
  /** Debian package that has it. */
  readonly package: string
  /** The groups of workloads it takes part in; left out: all. */
  readonly only?: RegExp
  /** Its version; null when it is not installed. */
  version(): string | null
  /** Why it cannot do this job as the others do; null when it can. */
  cannot(job: Job): string | null
  /** Writes what it needs into the job's folder and says what to start: the proxy first, helpers when it answers. */
  commands(job: Job): Command[]
}

/** Prefixes of a job with routes. */
export function prefixes({ routes }: Job): string[] {
  return Array.from({ length: routes }, (_, i) => `/r${i}/`)
}

/** Idle connections to the servers that may be kept: more than any workload has. */
export const KEEP = 2048

/** Requests over one connection before it is closed: never in a run. */
export const ENDLESS = 1_000_000_000

/** A program on the path, or where Debian keeps the servers; null when it is nowhere. */
export function programOf(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null
}

/** The version that a program tells of itself; null when there is no such program. */
export function versionOf(name: string, args: readonly string[], pattern: RegExp): string | null {
  const file = programOf(name)
  if (file === null) return null
  // Some say it on the standard error, and wrk ends with a failure.
  const text = execFileSync('/bin/sh', ['-c', '"$@" 2>&1 || true', 'sh', file, ...args], { encoding: 'utf8' })
  return pattern.exec(text)?.[1] ?? '?'
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
