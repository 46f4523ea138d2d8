/** The job of a proxy that has nothing particular to do. */
import type { Job } from './peers/peer.ts'
import { freePort } from './ports.ts'
import type { Yard } from './yard.ts'

/** Requests at a server at once: a limit that is kept account of, but never reached. */
const ROOM = 10_000

/** One thread, one route, no log; `different` says what is not so. */
export async function simpleJob(
  yard: Yard,
  servers: readonly string[],
  clients: number,
  different: Partial<Job> = {},
): Promise<Job> {
  return {
    port: await freePort(),
    folder: yard.folder(),
    threads: 1,
    servers,
    serverConnections: ROOM,
    queue: null,
    clients,
    routes: 0,
    log: null,
    upgrade: false,
    cache: null,
    ...different,
  }
}
