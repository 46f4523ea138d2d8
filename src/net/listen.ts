/**
 * A listener as one thread sees it: accepts, takes a place for each connection from the listener's gate, and answers
 * those for whom there is none. Each thread has its own listening sockets (SO_REUSEPORT); the gate's count is shared.
 *
 * Whoever finds no place gets its answer at once and is closed, or waits unread in the listener's line. Others are not
 * touched by either.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Cause } from '../base/cause.ts'
import { monotonic } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { Address, ListenerConfig } from '../config/model.ts'
import { type Gate, type Permit, Waiting } from '../gate/gate.ts'
import type { Slots } from '../ledger/slots.ts'
import type { Hop } from '../wire/forward.ts'
import { bind } from './bind.ts'
import { Client, type ClientContext, type ClientUser } from './client.ts'
import { type Handle, Stream } from './stream.ts'
import type { StreamOwner } from './stream-owner.ts'

/** Who serves the listener's clients, and knows what to say to those who are turned away. */
export interface ListenerUser extends ClientUser {
  /** A connection joined the line; one got its place. */
  waits(listener: Listener): void
  entered(listener: Listener): void
  /** A connection found no place; `waited` ms in the line. The answer is sent as it is, then the connection closes. */
  turnedAway(listener: Listener, peer: string, port: number, cause: Cause, waited: number): string
}

/** How long someone who was turned away is still read from, so that the answer is not lost to a RST. */
const LINGER = 1000
/** How many of them at once; then the one that has had the longest time to read goes. Each costs a descriptor. */
const LINGERING = 4096

export class Listener implements ClientContext {
  readonly config: ListenerConfig
  readonly gate: Gate<Slots>
  readonly wheel: Wheel
  readonly user: ListenerUser
  /** Called when it has become empty. */
  onEmpty: (() => void) | null = null
  readonly #name: string
  readonly #trusts: (address: string) => boolean
  readonly #servers: Server[] = []
  readonly #clients = new Set<Client>()
  readonly #waiting = new Set<Arrival>()
  readonly #turned = new Set<Turned>()

  /** `name`: ours, for Via. `trusts`: whether a peer's forwarding fields are believed. */
  constructor(
    config: ListenerConfig,
    gate: Gate<Slots>,
    wheel: Wheel,
    user: ListenerUser,
    name: string,
    trusts: (address: string) => boolean,
  ) {
    this.config = config
    this.gate = gate
    this.wheel = wheel
    this.user = user
    this.#name = name
    this.#trusts = trusts
  }

  /** Whether all connections of this thread are gone, those that are being seen off included. */
  get empty(): boolean {
    return this.#clients.size === 0 && this.#turned.size === 0
  }

  /** Binds all addresses; rejects with the system's error. Answers with the addresses as bound (port 0 filled in). */
  async listen(addresses: readonly Address[]): Promise<Address[]> {
    const bound: Address[] = []
    for (const address of addresses) bound.push(await this.#bind(address))
    return bound
  }

  async #bind(address: Address): Promise<Address> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(Stream.fromSocket(socket)),
    )
    this.#servers.push(server)
    await bind(
      server,
      'path' in address
        ? { path: address.path }
        : { host: address.host, port: address.port, reusePort: true, backlog: 4096 },
    )
    server.on('error', () => {}) // a failed accept (no descriptor left) is the kernel's to repeat
    this.#acceptHandles(server)
    const at = server.address()
    return at === null || typeof at === 'string' ? address : { host: at.address, port: at.port }
  }

  /** Takes accepted handles before Node wraps them, the one place that reaches into Node; without it #bind's callback serves. */
  #acceptHandles(server: Server): void {
    const inner = (server as unknown as { _handle: ServerHandle | null })._handle
    if (inner === null || typeof inner.onconnection !== 'function') return
    inner.onconnection = (error: number, handle: AcceptedHandle): void => {
      if (error !== 0) return
      handle.setNoDelay?.(true)
      this.#accept(Stream.fromHandle(handle))
    }
  }

  #accept(stream: Stream): void {
    new Arrival(this, stream).come()
  }

  /** The connection has a place. */
  admit(stream: Stream, peer: string, port: number, seat: Disposable): void {
    const { forwarded } = this.config
    const hop: Hop = {
      name: this.#name,
      peer,
      proto: 'http',
      trusted: this.#trusts(peer),
      xForwarded: forwarded.includes('x-forwarded'),
      forwarded: forwarded.includes('forwarded'),
    }
    this.#clients.add(new Client(stream, this, hop, port, seat))
  }

  left(client: Client): void {
    this.#clients.delete(client)
    if (this.empty) this.onEmpty?.()
  }

  /** Someone who was turned away is gone. */
  gone(turned: Turned): void {
    this.#turned.delete(turned)
    if (this.empty) this.onEmpty?.()
  }

  /** Keeps a connection in the line; `left` when it is out of it. */
  waits(arrival: Arrival): void {
    this.user.waits(this)
    this.#waiting.add(arrival)
  }

  waitsNoMore(arrival: Arrival): void {
    this.#waiting.delete(arrival)
  }

  /** Says why there is no place, and closes. */
  turnAway(stream: Stream, peer: string, port: number, cause: Cause, waited: number): void {
    const text = this.user.turnedAway(this, peer, port, cause, waited)
    this.#turned.add(new Turned(stream, this))
    stream.say(text)
    stream.end()
    if (this.#turned.size > LINGERING) this.#turned.values().next().value?.timeout()
  }

  /** Stops accepting and lets the idle go; requests under way are finished. */
  stop(): void {
    for (const server of this.#servers) server.close()
    for (const arrival of this.#waiting) arrival.giveUp('shutting_down')
    for (const client of this.#clients) client.stop()
  }

  /** Drops every connection. */
  kill(): void {
    this.stop()
    for (const client of this.#clients) client.abort('shutting_down', 'the drain time was over')
    for (const turned of this.#turned) turned.timeout()
  }
}

interface ServerHandle {
  onconnection: (error: number, handle: AcceptedHandle) => void
}
interface AcceptedHandle extends Handle {
  setNoDelay?: (on: boolean) => void
}

/** An accepted connection that has no place yet. It is not read from, so the kernel holds its sender back. */
class Arrival extends Waiting<Slots> implements StreamOwner {
  readonly #listener: Listener
  readonly #stream: Stream
  readonly #peer: string
  readonly #port: number
  readonly #since = monotonic()
  readonly #timer: Timer<Arrival>

  constructor(listener: Listener, stream: Stream) {
    super()
    this.#listener = listener
    this.#stream = stream
    this.#peer = peerOf(stream.socket)
    this.#port = stream.socket.remotePort ?? 0
    this.#timer = new Timer(this as Arrival, onTimer)
    stream.owner = this
  }

  come(): void {
    const place = this.#listener.gate.admit(this)
    if (typeof place === 'string') return this.#turnAway(place)
    if (place !== null) return this.#enter(place)
    const timeout = this.#listener.config.whenFull?.timeout ?? 0
    this.#stream.pause()
    this.#listener.waits(this)
    if (timeout > 0) this.#listener.wheel.arm(this.#timer, this.#since + timeout)
  }

  override granted(place: Permit<Slots>): void {
    this.#out()
    this.#stream.resume()
    this.#enter(place)
  }

  #enter(place: Permit<Slots>): void {
    this.#listener.user.entered(this.#listener)
    if (this.#stream.open) this.#listener.admit(this.#stream, this.#peer, this.#port, place)
    else place[Symbol.dispose]()
  }

  timeout(): void {
    const place = this.#listener.gate.expire(this)
    if (place !== null) return this.granted(place)
    this.#out()
    this.#turnAway('listener_wait_timeout')
  }

  giveUp(cause: Cause): void {
    this.#listener.gate.leave(this)
    this.#out()
    this.#turnAway(cause)
  }

  #out(): void {
    this.#listener.wheel.disarm(this.#timer)
    this.#listener.waitsNoMore(this)
  }

  #turnAway(cause: Cause): void {
    this.#listener.turnAway(this.#stream, this.#peer, this.#port, cause, monotonic() - this.#since)
  }

  connected(): void {}
  heard(): void {}
  ended(): void {}
  drained(): void {}
  closed(): void {
    this.#listener.gate.leave(this)
    this.#out()
  }
}

/** Someone who was turned away and is being seen off. */
class Turned implements StreamOwner {
  readonly #stream: Stream
  readonly #listener: Listener
  readonly #timer: Timer<Turned>

  constructor(stream: Stream, listener: Listener) {
    this.#stream = stream
    this.#listener = listener
    this.#timer = new Timer(this as Turned, onTimer)
    stream.owner = this
    stream.resume()
    listener.wheel.arm(this.#timer, monotonic() + LINGER)
  }

  timeout(): void {
    this.closed()
    this.#stream.destroy()
  }

  connected(): void {}
  heard(): void {}
  drained(): void {}
  ended(): void {
    if (this.#stream.settled()) this.timeout()
  }
  closed(): void {
    this.#listener.wheel.disarm(this.#timer)
    this.#listener.gone(this)
  }
}

function onTimer(waiting: { timeout(): void }): void {
  waiting.timeout()
}

/** A peer's address as people write it; `unix` for a unix socket. */
function peerOf(socket: Socket): string {
  const address = socket.remoteAddress ?? 'unix'
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
