/** Which limit was reached when an exchange was refused, and the number that was observed. */
import type { Cause } from '../../base/cause.ts'
import { monotonic } from '../../base/clock.ts'
import { UNLIMITED } from '../../config/model.ts'
import type { ExchangeView } from '../../exchange/generation.ts'
import type { QueueState } from '../../ledger/queue-state.ts'
import type { Slots } from '../../ledger/slots.ts'
import type { Voice } from '../../ledger/voice.ts'

export interface Reached {
  readonly limit: number | null
  readonly observed: number | null
  /** Which voice set it; left out: the configuration. */
  readonly voice?: Voice
}
const unknown: Reached = { limit: null, observed: null }

/** Counts as they are now; times in ms. `limit` null: it is the configured one. */
export function limitOf(x: ExchangeView, cause: Cause): Reached {
  const { route } = x
  switch (cause) {
    case 'body_too_large':
      return { limit: null, observed: x.head.contentLength >= 0 ? x.head.contentLength : x.client.body.received }
    case 'route_full':
      return ofSlots(route?.slots ?? null)
    case 'queue_full':
      return ofQueue(x.admission.gate === 'route' ? route?.gate?.queue : route?.upstream.pool.gate.queue)
    case 'queue_timeout':
    case 'total_timeout':
    case 'client_header_timeout':
      return { limit: null, observed: Math.round(monotonic() - x.client.startedAt) }
    case 'pool_full':
      return ofPool(route?.upstream.pool ?? null)
    case 'streams_full':
      return ofSlots(route?.upstream.streams ?? null)
    case 'connect_timeout':
      return { limit: null, observed: Math.round(monotonic() - (x.lastAttempt?.connectFrom ?? 0)) }
    case 'first_byte_timeout':
      return { limit: null, observed: Math.round(monotonic() - (x.lastAttempt?.sentAt ?? 0)) }
    // Of these the time that passed is the one the timer was set to.
    case 'between_bytes_timeout':
    case 'send_timeout':
      return { limit: null, observed: route?.upstream.config.timeouts.betweenBytes ?? null }
    case 'tunnel_idle':
      return { limit: null, observed: route?.upstream.config.timeouts.tunnelIdle ?? null }
    case 'tunnel_fin_timeout':
      return { limit: null, observed: route?.upstream.config.timeouts.tunnelFin ?? null }
    case 'client_body_timeout':
      return { limit: null, observed: x.listener.config.timeouts.body }
    case 'client_stalled':
      return { limit: null, observed: x.listener.config.timeouts.send }
    default:
      return unknown
  }
}

function ofSlots(slots: Slots | null): Reached {
  return slots === null ? unknown : { limit: slots.limit, observed: slots.used, voice: slots.voice }
}

function ofQueue(queue: QueueState | undefined): Reached {
  return queue === undefined ? unknown : { limit: queue.bound, observed: queue.length, voice: queue.voice }
}

/** The pool's own limit, or where it has none the sum of its servers'. */
function ofPool(
  pool: { readonly slots: Slots; readonly servers: readonly { readonly slots: Slots }[] } | null,
): Reached {
  if (pool === null) return unknown
  if (pool.slots.limit !== UNLIMITED) return ofSlots(pool.slots)
  let limit = 0
  let voice: Voice = 'configured'
  for (const { slots } of pool.servers) {
    limit = slots.limit === UNLIMITED ? UNLIMITED : Math.min(UNLIMITED, limit + slots.limit)
    if (voice === 'configured') voice = slots.voice
  }
  return { limit, observed: pool.slots.used, voice }
}
