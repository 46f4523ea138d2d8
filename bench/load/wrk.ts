/** Load by wrk, closed loop: each connection asks again when it has its answer. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programOf } from '../peers/peer.ts'
import type { Yard } from '../yard.ts'
import type { Load } from './load.ts'
import { luaOf, MARK, type Request } from './lua.ts'

export interface WrkOrder {
  readonly port: number
  readonly request: Request
  readonly connections: number
  /** May be a fraction. */
  readonly seconds: number
  readonly cores: string | null
}

/** Runs wrk once, with one thread. Rejects with what it said when it gives no results. */
export async function runWrk(yard: Yard, order: WrkOrder): Promise<Load> {
  const script = join(yard.folder(), 'request.lua')
  writeFileSync(script, luaOf(order.request))
  // wrk takes whole seconds, but ends with all its results when it is interrupted.
  const duration = `${Math.ceil(order.seconds) + 1}s`
  const args = ['-t1', `-c${order.connections}`, `-d${duration}`, '-s', script, `http://127.0.0.1:${order.port}`]
  const child = yard.start({ file: programOf('wrk') ?? 'wrk', args, cores: order.cores, talk: 'pipe' })
  const timer = setTimeout(() => child.kill('SIGINT'), order.seconds * 1000)
  let text = ''
  for await (const part of child.stdout!) text += part
  clearTimeout(timer)
  const line = text.split('\n').find((one) => one.startsWith(MARK))
  if (line === undefined) throw new Error(`wrk gave no results:\n${text}${yard.said(child)}`)
  return loadOf(line.slice(MARK.length))
}

/** Reads the line that the script writes; its times are µs. */
export function loadOf(json: string): Load {
  const { requests, duration, bytes, p50, p99, errors } = JSON.parse(json) as Record<string, number>
  return {
    requests: requests!,
    seconds: duration! / 1e6,
    bytes: bytes!,
    p50: p50! / 1e3,
    p99: p99! / 1e3,
    errors: errors!,
  }
}
