/**
 * A listener as one thread sees it: accepts, takes a place for each connection from the listener's gate, and answers
 * those that find none. Each thread has its own listening sockets (SO_REUSEPORT); the gate's count is shared.
 *
 * Where no place is free, the connection that has been idle longest makes way, on whichever thread it is. A connection that finds none
 * even so gets its answer at once and is closed, or waits in the listener's line. Requests under way are not touched.
 */
import { createServer, type Server } from 'node:net'
import type { Cause } from '../../base/cause.ts'
import type { Wheel } from '../../base/wheel.ts'
import type { Address, ListenerConfig } from '../../config/model.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { Spare } from '../../ledger/spare.ts'
import type { Hop } from '../../wire/http1/forward.ts'
import type { ConnectionHandler } from '../connection-handlers.ts'
import { type Handle, TcpTransport } from '../transport/tcp-transport.ts'
import type { Transport } from '../transport/transport.ts'
import { Arrival } from './arrival.ts'
import { bind } from './bind.ts'
import type { ClientConnectionContext, ClientConnectionUser, ListenerClient } from './client-context.ts'
import type { Descriptors } from './descriptors.ts'
import { IdleClients } from './idle-clients.ts'
import { Leavers } from './leavers.ts'

/** Serves the listener's clients, and knows the answer for those that are turned away. */
export interface ListenerHandler extends ClientConnectionUser {
  /** A connection joined the queue; one got its place. */
  waits(): void
  entered(): void
  /** A connection found no place; `waited` ms in the queue. The answer is sent as it is, then the connection closes. */
  turnedAway(peer: string, port: number, cause: Cause, waited: number): string
  /** The system could not accept a connection. */
  acceptFailed(): void
}

/** A listener as one configuration has it. */
export interface ListenerSettings {
  readonly config: ListenerConfig
  readonly user: ListenerHandler
  /** Ours, for Via. */
  readonly name: string
  /** Whether a peer's forwarding fields are believed. */
  readonly trusts: (address: string) => boolean
}

/** What a listener stands on. */
export interface ListenerDependencies {
  /** Chooses the protocol of a connection; null: it is none that is spoken here. */
  readonly handlerFor: (transport: Transport) => ConnectionHandler | null
  readonly gate: Gate<Slots>
  readonly slots: Slots
  /** Its idle connections over all threads. */
  readonly spare: Spare
  readonly descriptors: Descriptors
  readonly wheel: Wheel
}

export class Listener implements ClientConnectionContext {
  readonly gate: Gate<Slots>
  readonly wheel: Wheel
  readonly idle: IdleClients
  /** Called when it has become empty. */
  onEmpty: (() => void) | null = null
  #settings: ListenerSettings
  readonly #dependencies: ListenerDependencies
  readonly #servers: Server[] = []
  readonly #clients = new Set<ListenerClient>()
  readonly #waiting = new Set<Arrival>()
  readonly #leavers: Leavers

  constructor(settings: ListenerSettings, dependencies: ListenerDependencies) {
    this.#settings = settings
    this.gate = dependencies.gate
    this.wheel = dependencies.wheel
    this.idle = new IdleClients(dependencies.spare)
    this.#dependencies = dependencies
    this.#leavers = new Leavers(dependencies.wheel, () => this.#checkEmpty())
    dependencies.descriptors.add(this.idle)
  }

  get config(): ListenerConfig {
    return this.#settings.config
  }

  get user(): ListenerHandler {
    return this.#settings.user
  }

  /** From now on it serves by another configuration. A connection takes it over with its next request. */
  adopt(settings: ListenerSettings): void {
    this.#settings = settings
  }

  /** What a request from this peer has come through. */
  hopFrom(peer: string, scheme: Hop['proto']): Hop {
    const { config, name, trusts } = this.#settings
    return {
      name,
      peer,
      proto: scheme,
      trusted: trusts(peer),
      xForwarded: config.forwarded.includes('x-forwarded'),
      forwarded: config.forwarded.includes('forwarded'),
    }
  }

  /** Whether all connections of this thread are gone, those that are being seen off included. */
  get empty(): boolean {
    return this.#clients.size === 0 && this.#leavers.size === 0
  }

  get crowded(): boolean {
    return this.gate.queue.length > 0 && this.#wanted > 0
  }

  /** How many connections have to make way for all that wait, without those that are doing so already. */
  get #wanted(): number {
    const { queue } = this.gate
    const { used, limit } = this.#dependencies.slots
    // After a limit was lowered, what one sets free is no place yet.
    return queue.length + Math.max(0, used - limit) - queue.underWay - this.idle.pending
  }

  /** Places in the line beyond its bound: as many connections as may wait for idle ones to make way. */
  get places(): number {
    const idle = this.idle.total
    if (idle === 0) return 0
    const { queue } = this.gate
    // What is on its way is in the line still, and no longer among the idle; other threads count while this one does.
    return idle + queue.underWay + queue.rows
  }

  /** Binds all addresses; rejects with the system's error. Answers with the addresses as bound (port 0 filled in). */
  async listen(addresses: readonly Address[]): Promise<Address[]> {
    const bound: Address[] = []
    for (const address of addresses) bound.push(await this.#bind(address))
    return bound
  }

  async #bind(address: Address): Promise<Address> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(TcpTransport.fromSocket(socket)),
    )
    this.#servers.push(server)
    await bind(
      server,
      'path' in address
        ? { path: address.path }
        : { host: address.host, port: address.port, reusePort: true, backlog: 4096 },
    )
    server.on('error', () => this.user.acceptFailed()) // the kernel keeps the connection for the next try
    this.#acceptHandles(server)
    const at = server.address()
    return at === null || typeof at === 'string' ? address : { host: at.address, port: at.port }
  }

  /** Takes accepted handles before Node wraps them, the one place that reaches into Node; without it #bind's callback serves. */
  #acceptHandles(server: Server): void {
    const inner = (server as unknown as { _handle: ServerHandle | null })._handle
    if (inner === null || typeof inner.onconnection !== 'function') return
    inner.onconnection = (error: number, handle: AcceptedHandle): void => {
      if (error !== 0) return this.user.acceptFailed()
      handle.setNoDelay?.(true)
      this.#accept(TcpTransport.fromHandle(handle))
    }
  }

  #accept(transport: Transport): void {
    const { descriptors } = this.#dependencies
    const arrival = new Arrival(this, transport)
    const excess = descriptors.excess(transport.descriptor)
    if (excess === 0 || descriptors.relieve(excess)) return arrival.enter()
    arrival.turnAway('local_resources')
    this.#leavers.keep(descriptors.lingering)
  }

  /** The connection has a place. */
  admit({ transport }: Arrival, seat: Disposable): void {
    this.user.entered()
    const handler = this.#dependencies.handlerFor(transport)
    if (handler !== null) return void this.#clients.add(handler(transport, this, seat))
    transport.destroy()
    seat[Symbol.dispose]()
  }

  left(client: ListenerClient): void {
    this.#clients.delete(client)
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    if (this.empty) this.onEmpty?.()
  }

  /** A connection has joined the line: has an idle one make way for it. */
  waits(arrival: Arrival): void {
    this.#waiting.add(arrival)
    const wanted = this.#wanted
    if (wanted > 0) this.idle.close(wanted)
    // A connection that has got the place of an idle one by now has not waited.
    if (this.config.whenFull !== null && this.#waiting.has(arrival)) this.user.waits()
  }

  waitsNoMore(arrival: Arrival): void {
    this.#waiting.delete(arrival)
  }

  /** The ledger's bell rang: closes idle connections that other threads ask for. */
  heard(): void {
    this.idle.heed()
  }

  /** Says why there is no place, and closes. */
  turnAway({ transport, peer }: Arrival, cause: Cause, waited: number): void {
    const { address, port } = peer
    this.#leavers.seeOff(transport, this.user.turnedAway(address, port, cause, waited))
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
    this.#leavers.keep(0)
  }
}

interface ServerHandle {
  onconnection: (error: number, handle: AcceptedHandle) => void
}
interface AcceptedHandle extends Handle {
  setNoDelay?: (on: boolean) => void
}
