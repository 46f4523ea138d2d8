/**
 * What carries the bytes of one connection: TCP or a unix socket, later TLS, with or without a preface before them. HTTP
 * does not know which it is; what tells them apart are properties.
 *
 * Bytes that arrive are handed to the owner and used up before the next read. Reads, writes and their completion are the
 * implementation's alone.
 */
import type { ReadSource } from '../responder.ts'
import type { TransportOwner } from './transport-owner.ts'

/** One end of a connection. */
export interface Endpoint {
  /** As people write it; `unix` for a unix socket. */
  readonly address: string
  /** 0 for a unix socket. */
  readonly port: number
}

/** From what Node says of a socket; undefined: it is a unix socket, or closed. */
export function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  if (address === undefined) return { address: 'unix', port: 0 }
  return { address: address.startsWith('::ffff:') ? address.slice(7) : address, port: port ?? 0 }
}

/** The buffer that is read into. */
export interface BulkBuffer {
  /** Whether a read of `n` bytes filled it, so that more is waiting. */
  filled(n: number): boolean
  /** From now on reads go to a buffer of its own, which may be written from while reading is paused. */
  startBulk(): void
  /** The shared buffer will do again. `settled`: nothing of the own one is still being written. */
  endBulk(settled: boolean): void
}

export interface Transport extends ReadSource {
  /** `https` where the peer speaks TLS. */
  readonly scheme: 'http' | 'https'
  /** The protocol that TLS has agreed on (RFC 7301); null: there was no such agreement. */
  readonly alpn: string | null
  readonly peer: Endpoint
  readonly local: Endpoint
  /** Number of its file descriptor; -1: it has none, or the platform does not tell. */
  readonly descriptor: number
  readonly readBuffer: BulkBuffer
  /** Whether it is connected. */
  readonly open: boolean
  /** The first error; null: there was none. */
  readonly error: NodeJS.ErrnoException | null
  /** Nothing that was given waits for the kernel, as far as is known. */
  readonly writable: boolean
  readonly paused: boolean
  /** Where the next byte will stand among all bytes written, modulo 2³²; see takeBack. */
  readonly position: number

  /** Its events go there from now on. */
  setOwner(owner: TransportOwner): void
  /** Hands bytes to the owner as if they had just been read. */
  received(buf: Buffer, n: number): void
  /** After a write that failed, whether reading goes on to its end: the peer may have said why it takes no more. */
  readToEnd(on: boolean): void

  /**
   * Writes text of code points 0–255, at the end of this turn of the event loop at the latest. False when something
   * written before waits for the kernel: `drained` follows.
   */
  write(text: string): boolean
  /** The same with a piece of memory behind the text, which stays as it is until `keeper` is disposed. */
  writeBorrowed(text: string, piece: Buffer, keeper: Disposable): boolean
  /**
   * Writes text and then buf[from, to) as one; '' for no text. The bytes are copied first unless `lent`: then the caller
   * keeps them untouched until `drained`. True when the kernel took all of it at once.
   */
  send(text: string, buf: Buffer, from: number, to: number, lent: boolean): boolean
  /** Takes back all that was written from `position` on. False, and nothing is changed, when some of it has left. */
  takeBack(position: number): boolean
  /** Hands all that was written to the kernel. */
  flush(): void
  /** The same; whether the kernel has now taken everything. If not, `drained` follows. */
  settled(): boolean

  pause(): void
  resume(): void
  /** Ends the sending side after what was written. */
  end(): void
  /** Closes both ways once what was written is out; `closed` follows. */
  finish(): void
  /** Drops the connection; the owner is told nothing more. */
  destroy(): void
  /** The same in such a way that the peer cannot take what it got for a whole. */
  reset(): void
}
