/**
 * Writing to a socket without Node's stream machinery in between, which costs more than our own part of a small
 * request. It uses the handle below the socket, which Node does not promise to keep as it is; so it is only done on
 * versions where it was tried, and everywhere else `forSocket` answers null and the public way is taken.
 *
 * The handle answers 0 when the kernel took everything, a negative number when it took nothing, and a request object
 * when the rest is being written in the background: its `oncomplete` is called with a status in the end.
 */
import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/** What is written in the background. */
interface Write {
  oncomplete: ((this: Write, status: number) => void) | null
  /** Kept here so that it is not collected meanwhile. */
  buffer: unknown
  /** Is told that it is done. */
  writer: Writer
}

type Result = number | Write

/** The handle of a connected socket. */
export interface DirectHandle {
  writeLatin1String(request: null, text: string): Result
  writeBuffer(request: null, buffer: Uint8Array): Result
  writev(request: null, chunks: unknown[], allBuffers: boolean): Result
}

/** Is told how a write in the background ended. */
export interface Writer {
  wrote(error: NodeJS.ErrnoException | null): void
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
/** Handles take null for a request and tell at once how it went since 26.10; newer majors are to be tried first. */
export const tried: boolean = major === 26 && minor >= 10

/** The handle of a socket, null where it cannot be written to directly. */
export function forSocket(socket: Socket): DirectHandle | null {
  if (!tried || socket.connecting) return null
  const handle = handleOf(socket)
  return typeof handle?.writeLatin1String === 'function' ? handle : null
}

/** The handle of a socket for which `forSocket` had one; null once it is closed. */
export function handleOf(socket: Socket): DirectHandle | null {
  return (socket as unknown as { readonly _handle: DirectHandle | null })._handle
}

/** Follows up a write: true when it is out. Otherwise `writer` hears of its end, or of its failure right now. */
export function settle(result: Result, buffer: unknown, writer: Writer): boolean {
  if (result === 0) return true
  if (typeof result === 'number') {
    writer.wrote(failure(result))
    return false
  }
  result.oncomplete = onComplete
  result.buffer = buffer
  result.writer = writer
  return false
}

function onComplete(this: Write, status: number): void {
  this.writer.wrote(status < 0 ? failure(status) : null)
}

function failure(status: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: 'write' })
}
