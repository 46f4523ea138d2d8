/**
 * Binding, with what unix sockets need beyond it: their file outlives a process that was killed, and keeps its place from
 * the next one. A socket that nothing listens on is removed; one in use, and anything that is no socket, is left alone.
 *
 * Invariant: only a socket is removed which nobody was heard at twice, with a pause between, and which is the same all
 * the while. Of two who start at once one gets the place, and the other finds him there.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type BigIntStats, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { connect, type ListenOptions, type Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Who has bound and does not listen yet refuses as the dead do, for a moment. In ms. */
const MOMENT = 100
/** How often another process may come between. */
const TRIES = 5

/** Binds; resolves when it listens. Rejects with the system's error, EEXIST where a path leads to what is no socket. */
export async function bind(server: Server, where: ListenOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      server.listen(where)
      await once(server, 'listening')
      return
    } catch (error) {
      const { path } = where
      if (path === undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (tries === TRIES || !(await isFreed(path))) throw error
    }
  }
}

/** Whether binding is worth another try: the socket there was a dead one, and is gone. */
async function isFreed(path: string): Promise<boolean> {
  const found = statOf(path)
  if (found === null) return true
  if (!found.isSocket()) throw noSocket(path)
  if (!(await refuses(path))) return false
  await pause(MOMENT)
  if (!(await refuses(path))) return statOf(path) === null
  return isRemoved(path, found)
}

/** Takes it away if it is still the one that was found. */
function isRemoved(path: string, found: BigIntStats): boolean {
  // Looking and unlinking would be two steps, between which another one could have bound: moving is one.
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch (error) {
    // Another process was faster, or this user may not.
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
  const moved = statOf(aside)
  if (moved !== null && !isSame(moved, found)) putBack(aside, path)
  unlinkSync(aside)
  return true
}

/** It was a living one's: nothing of it has been lost but that moment. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path)
  } catch {
    // Where a third has bound by now, it is his.
  }
}

/** The number of a file is given anew; with its time it is not. Moving changes neither. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs
}

function statOf(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
}

/** Whether nothing listens there. False also if that cannot be told. */
async function refuses(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

function noSocket(path: string): Error {
  const error = new Error(`listen EEXIST: ${path} is there already, and is no socket`)
  return Object.assign(error, { code: 'EEXIST', syscall: 'listen', address: path, port: -1 })
}
