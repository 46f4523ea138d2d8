/**
 * The servers' side, whichever protocol a server speaks: how an exchange sends a request and hears of its response. Heads
 * and content go in; framing, connection handling and flow control are the implementation's, as in net/http1.
 */
import type { Cause } from '../base/cause.ts'
import type { Edits } from '../wire/http/edits.ts'
import type { Hop } from '../wire/http/forwarded.ts'
import type { RequestHead, ResponseHead } from '../wire/http/head.ts'
import type { ReadSource } from './responder.ts'

/** Is told what happens on a connection to a server. */
export interface OriginUser {
  originConnected(): void
  /** `unsent`: not one byte of what was written last can have reached the server. Nothing more follows. */
  originFailed(cause: Cause, detail: string, unsent: boolean): void
  /** A 1xx other than 101. `head` is only valid within the call, as in originHead. */
  originInterim(head: ResponseHead): void
  originHead(head: ResponseHead): void
  /** Content, in the buffer of a read; `originRead` follows. */
  originData(buf: Buffer, from: number, to: number): void
  /** The response is complete; see `OriginConnection.trailers`. */
  originEnd(): void
  /** All that one read brought has been handed over. */
  originRead(): void
  /** What was sent has been taken; more may follow. */
  originDrained(): void
  /** In a tunnel: the server has ended its side. */
  originClosed(): void
  /** In a tunnel: both sides have ended, and the server has taken all of it. */
  originLeft(): void
}

/** A request on its way to a server. */
export interface OutgoingRequest {
  readonly head: RequestHead
  /** What is changed about the head. */
  readonly edits: Edits
  /** What the request has come through. */
  readonly hop: Hop
  /** Host for a request that names none. */
  readonly host: string
  /** Our name in Via; '': we are not named there. */
  readonly via: string
}

export interface OriginConnection {
  /** Bytes for and of the present request, framing included. */
  readonly bytesOut: number
  readonly bytesIn: number
  /** Where the content it hands over was read. */
  readonly source: ReadSource
  /** Trailer lines of the response that is complete. */
  readonly trailers: string
  /** Error code of the system that ended the connection; undefined: there was none. */
  readonly errorCode: string | undefined
  /** The server sends nothing more. */
  readonly halfClosed: boolean
  /** Nothing that was sent waits for the kernel; sends what was gathered. */
  readonly settled: boolean
  /** It is not read from at the moment. */
  readonly paused: boolean

  /** Another user takes it over. */
  use(user: OriginUser): void

  /** The head of a request; its response is expected from now on. `flush` is to follow, as after `text`, `data` and `end`. */
  send(request: OutgoingRequest): void
  /** Content, one character per byte. */
  text(text: string): void
  /** Content in the buffer of a read: `flush` before that read is over. */
  data(source: ReadSource, buf: Buffer, from: number, to: number): void
  /** The request is complete, with these trailer lines. */
  end(trailers: string): void
  /** Sends what was gathered. False: something waits for the kernel, and `originDrained` follows. */
  flush(): boolean

  pause(): void
  resume(): void
  /** After a response that opens a tunnel: bytes pass both ways as they are. */
  tunnel(): void
  /** In a tunnel: nothing more follows. */
  endTunnel(): void
  /** Closes it; its user is told nothing more. `cut`: the server must not take what it got for a whole. */
  drop(cut?: boolean): void
}

/** The connections of one thread to one server. */
export interface OriginConnector {
  /** An idle connection for this user; null: there is none. */
  reuse(user: OriginUser): OriginConnection | null
  /** Starts to connect; `originConnected` or `originFailed` follows. */
  connect(user: OriginUser): OriginConnection
  /** Takes back a connection whose response is complete. `out`: all of that has left for the client. */
  keep(origin: OriginConnection, out: boolean): void
  /** Drops all idle connections. */
  clear(): void
}
