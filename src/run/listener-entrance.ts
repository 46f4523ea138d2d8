/** A listener as one generation has it on one thread: where its clients' requests become exchanges, or are turned away. */
import type { Cause } from '../base/cause.ts'
import { wall } from '../base/clock.ts'
import type { ListenerConfig } from '../config/model.ts'
import type { Diagnoses } from '../exchange/answer/diagnosis.ts'
import { incidentId } from '../exchange/answer/incident-id.ts'
import type { Incidents } from '../exchange/answer/incident-log.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { turnedAwayRecord } from '../exchange/finish.ts'
import type { Generation, ListenerScope } from '../exchange/generation.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { Routes } from '../exchange/routing/route.ts'
import type { Gate } from '../gate/gate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Slots } from '../ledger/slots.ts'
import type { ClientRequest } from '../net/client-request.ts'
import { closingAnswer } from '../net/http1/responder.ts'
import type { Descriptors } from '../net/listen/descriptors.ts'
import type { ListenerHandler } from '../net/listen/listener.ts'
import type { Hooks } from '../rules/hooks.ts'
import type { RequestHead } from '../wire/http/head.ts'
import { GateCounters, listenerCauses } from './counters.ts'
import type { Reached } from './limits/reached.ts'
import type { ThreadCounters } from './thread-counters.ts'

/** What lasts on the thread, as far as listeners need it. */
export interface ThreadServices {
  readonly counters: ThreadCounters
  readonly incidents: Incidents
  readonly descriptors: Descriptors
  readonly log: ((record: ExchangeRecord) => void) | null
  /** The hooks of a listener, by its name. */
  readonly hooksOf: (listener: string) => Hooks
  /** An exchange that can take up a request. */
  take(): Exchange
}

export class ListenerEntrance implements ListenerScope, ListenerHandler {
  readonly generation: Generation
  readonly config: ListenerConfig
  readonly routes: Routes
  readonly gate: Gate<Slots>
  readonly slots: Slots
  readonly trusts: (address: string) => boolean
  readonly hooks: Hooks
  readonly #diagnoses: Diagnoses
  readonly #counters: GateCounters
  readonly #services: ThreadServices

  constructor(
    generation: Generation,
    diagnoses: Diagnoses,
    config: ListenerConfig,
    at: Pick<ListenerEntrance, 'routes' | 'gate' | 'trusts'>,
    ledger: Ledger,
    services: ThreadServices,
  ) {
    this.generation = generation
    this.config = config
    this.routes = at.routes
    this.gate = at.gate
    this.slots = ledger.slots(`listener:${config.name}`)
    this.trusts = at.trusts
    this.hooks = services.hooksOf(config.name)
    this.#diagnoses = diagnoses
    this.#counters = new GateCounters(ledger, `listener:${config.name}`, listenerCauses)
    this.#services = services
  }

  request(client: ClientRequest, head: RequestHead): RequestHead {
    return this.#services.take().start(this, client, head, null, '')
  }

  malformed(client: ClientRequest, head: RequestHead, cause: Cause, detail: string): RequestHead {
    return this.#services.take().start(this, client, head, cause, detail)
  }

  entered(): void {
    this.#counters.admitted.add(1)
  }

  waits(): void {
    this.#counters.waited.add(1)
  }

  turnedAway(peer: string, port: number, cause: Cause, waited: number): string {
    const { counters, descriptors, incidents, log } = this.#services
    const { name } = this.config
    this.#counters.refused(cause)
    counters.turnedAway(cause)
    const incident = incidentId(wall())
    const at = { listener: name, route: null, pool: null, server: null }
    const { limit, observed, voice } = this.#reached(cause, waited)
    const detail = cause === 'local_resources' ? descriptors.detail : null
    const diagnosis = this.#diagnoses.of(cause, at, limit, observed, detail, 'listener', voice)
    const refusal = { cause, diagnosis, incident, accept: 'text/html' }
    const text = closingAnswer(this.generation.refuse(refusal))
    const { length } = this.gate.queue
    const record = turnedAwayRecord(name, peer, port, diagnosis, incident, waited, text.length, this.slots.used, length)
    incidents.keep(record, 0)
    log?.(record)
    return text
  }

  acceptFailed(): void {
    this.#services.counters.acceptFailed()
  }

  /** The number that was reached when a connection was turned away; the limit is null where the configured one says it. */
  #reached(cause: Cause, waited: number): Reached {
    if (cause === 'listener_wait_timeout') return { limit: null, observed: Math.round(waited) }
    if (cause === 'local_resources') return { limit: null, observed: null }
    const { limit, used, voice } = this.slots
    return { limit, observed: used, voice }
  }
}
