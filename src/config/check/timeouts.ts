/** Rules about times: which one runs out before which. 0 is "never" and stands above all others. */
import type { QueueConfig } from '../model.ts'
import type { Path } from '../places.ts'
import { duration } from '../quantity.ts'
import type { Check, Ground } from './ground.ts'

/** How long people look at a page that does nothing before they leave or reload it, in ms. */
const PATIENCE = 10_000
/** A connection within a network that takes longer than this will not come any more, in ms. */
const LONG_CONNECT = 10_000

const queueTimeoutBeyondPatience: Check = (ground) => {
  for (const { name, whenFull } of ground.config.listeners) {
    if (whenFull !== null) waitsTooLong(ground, ['listeners', name, 'whenFull', 'timeout'], whenFull, 0)
  }
  for (const { name, queue, timeouts } of ground.config.pools) {
    waitsTooLong(ground, ['pools', name, 'queue', 'timeout'], queue, timeouts.total)
  }
  for (const [index, { queue, to }] of ground.config.routes.entries()) {
    waitsTooLong(ground, ['routes', index, 'queue', 'timeout'], queue, ground.pool(to).timeouts.total)
  }
}

function waitsTooLong(ground: Ground, path: Path, queue: QueueConfig, total: number): void {
  if (queue.max === 0) return
  const wait = duration(queue.timeout)
  if (total > 0 && queue.timeout >= total) {
    ground.say('queue-timeout-beyond-patience', path, {
      says: `a request may wait ${wait} in line, but timeouts.total ends it after ${duration(total)}: it would wait and never be served`,
      fix: `lower the wait to well below ${duration(total)}, or raise timeouts.total`,
    })
  } else if (queue.timeout > PATIENCE) {
    ground.say('queue-timeout-beyond-patience', path, {
      says: `a request may wait ${wait} in line; after ${duration(PATIENCE)} most people have left or reloaded, and their requests still take servers’ time`,
      fix: `lower it to ${duration(PATIENCE)} or less; 2s is a good start`,
    })
  }
}

const firstByteBelowQueue: Check = (ground) => {
  for (const { name, queue, timeouts } of ground.config.pools) {
    if (queue.max === 0 || timeouts.firstByte === 0 || timeouts.firstByte >= queue.timeout) continue
    ground.say('first-byte-below-queue', ['pools', name, 'timeouts', 'firstByte'], {
      says: `a request may wait ${duration(queue.timeout)} in line for pool ${name}, whose servers then get only ${duration(timeouts.firstByte)} to answer`,
      fix: `raise timeouts.firstByte above ${duration(queue.timeout)}, or lower queue.timeout`,
    })
  }
}

const firstByteBelowHealth: Check = (ground) => {
  for (const { name, health, timeouts } of ground.config.pools) {
    if (health === null || timeouts.firstByte === 0 || timeouts.firstByte >= health.timeout) continue
    ground.say('first-byte-below-health', ['pools', name, 'timeouts', 'firstByte'], {
      says: `a health check of pool ${name} may take ${duration(health.timeout)}, a request only ${duration(timeouts.firstByte)}: a server can be healthy and fail every request`,
      fix: `lower health.timeout to ${duration(timeouts.firstByte)} or less, or raise timeouts.firstByte`,
    })
  }
}

const healthTimeoutBeyondInterval: Check = (ground) => {
  for (const { name, health } of ground.config.pools) {
    if (health === null || health.timeout <= health.interval) continue
    const path = [
      'pools',
      name,
      'health',
      ground.isWritten(['pools', name, 'health', 'timeout']) ? 'timeout' : 'interval',
    ]
    ground.say('health-timeout-beyond-interval', path, {
      says: `a health check of pool ${name} may take ${duration(health.timeout)}, but the next is due after ${duration(health.interval)}`,
      fix: `lower health.timeout to below ${duration(health.interval)}, or raise health.interval`,
    })
  }
}

const totalBelowFirstByte: Check = (ground) => {
  for (const { name, timeouts } of ground.config.pools) {
    // The default of firstByte was not asked for: with total alone, total rules.
    if (timeouts.total === 0 || !ground.isWritten(['pools', name, 'timeouts', 'firstByte'])) continue
    if (timeouts.firstByte > 0 && timeouts.firstByte <= timeouts.total) continue
    ground.say('total-below-first-byte', ['pools', name, 'timeouts', 'total'], {
      says: `timeouts.total of pool ${name} ends an exchange after ${duration(timeouts.total)}, so timeouts.firstByte of ${timeouts.firstByte === 0 ? 'never' : duration(timeouts.firstByte)} never applies`,
      fix: 'raise timeouts.total, or lower timeouts.firstByte',
    })
  }
}

const connectTimeoutLong: Check = (ground) => {
  for (const { name, timeouts } of ground.config.pools) {
    if (timeouts.connect > 0 && timeouts.connect <= LONG_CONNECT) continue
    const long = timeouts.connect === 0 ? 'is never given up' : `is given up after ${duration(timeouts.connect)}`
    ground.say('connect-timeout-long', ['pools', name, 'timeouts', 'connect'], {
      says: `a connection to a server of pool ${name} ${long}; a dead server keeps slots and people waiting as long`,
      fix: "write '2s'; a connection in a data centre takes less than a millisecond",
    })
  }
}

const headerTimeoutOff: Check = (ground) => {
  for (const { name, timeouts } of ground.config.listeners) {
    if (timeouts.header > 0) continue
    ground.say('header-timeout-off', ['listeners', name, 'timeouts', 'header'], {
      says: `a client of listener ${name} may send its head as slowly as it likes, and a few of them fill the listener (slowloris)`,
      fix: "write '10s'",
    })
  }
}

export const timeoutRules: readonly Check[] = [
  queueTimeoutBeyondPatience,
  firstByteBelowQueue,
  firstByteBelowHealth,
  healthTimeoutBeyondInterval,
  totalBelowFirstByte,
  connectTimeoutLong,
  headerTimeoutOff,
]
