/**
 * Makes sure at the start that no other process listens where this one is about to. The threads bind with SO_REUSEPORT,
 * by which any process of the same user may join them unnoticed: two instances would share the clients, and every limit
 * would count twice. So each address is bound once without it, which the kernel refuses where any process listens.
 *
 * Between that and the threads' own binding another instance could do the same. So starts on one port go one after the
 * other, by a lock that ends with its process: an abstract unix socket, where the system has those. Another
 * program may hold that name for no good reason; that delays a start and does not prevent it.
 *
 * A start that is to share its addresses with a process on purpose leaves this out.
 */
import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Address } from '../../config/model.ts'

/** How long another start on the same port is waited for, and how often it is looked for, in ms. */
const PATIENCE = 3000
const AGAIN = 25

/** Resolves when no process listens at any of them; other starts on these ports wait until it is disposed. Rejects with the system's error. */
export async function claimAddresses(addresses: readonly Address[]): Promise<AsyncDisposable> {
  const fixed = addresses.filter((address) => 'port' in address && address.port !== 0) as {
    host: string
    port: number
  }[]
  const locks: Server[] = []
  const release = async (): Promise<void> => {
    await Promise.all(locks.splice(0).map(close))
  }
  try {
    // In one order, so that two that have several ports in common do not wait for each other.
    for (const port of [...new Set(fixed.map(({ port }) => port))].sort((a, b) => a - b)) {
      const lock = await lockOf(port)
      if (lock !== null) locks.push(lock)
    }
    for (const { host, port } of fixed) await close(await listen({ host, port, exclusive: true }))
  } catch (error) {
    await release()
    throw error
  }
  return { [Symbol.asyncDispose]: release }
}

/** The lock of a port; null where there is none to be had. */
async function lockOf(port: number): Promise<Server | null> {
  if (process.platform !== 'linux') return null
  for (let waited = 0; waited < PATIENCE; waited += AGAIN) {
    try {
      return await listen({ path: `\0headgate-start:${port}` })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return null
      await pause(AGAIN)
    }
  }
  return null
}

async function listen(where: ListenOptions): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen(where)
  await once(server, 'listening')
  return server
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await closed
}
