/** All gates as they are now, for the episodes. */
import type { Cause } from '../../base/cause.ts'
import { type Config, UNLIMITED } from '../../config/model.ts'
import { settingName } from '../../config/options.ts'
import { placeOf } from '../../config/places.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { GateReading } from '../../watch/episodes/episodes.ts'
import { gateCauses } from '../counters.ts'

/** Makes the function that reads them; what does not change is looked up once. */
export function gateReader(config: Config, ledger: Ledger): () => GateReading[] {
  const readers: (() => GateReading)[] = []
  const add = (
    gate: string,
    key: string,
    counts: GateReading['counts'],
    causes: readonly Cause[],
    setting: string,
    hasQueue: boolean,
    limit?: () => number,
  ): void => {
    const slots = ledger.slots(key)
    const queue = hasQueue ? ledger.queue(`queue:${key}`) : null
    const admitted = ledger.counter(`${key}:admitted`)
    const waited = ledger.counter(`${key}:waited`)
    const refused = causes.map((cause) => [cause, ledger.counter(`${key}:${cause}`)] as const)
    // Servers may have one each: then the first is shown.
    const at = placeOf(config, setting.replace('[*]', '[0]'))
    const place = at === null || at.line === 0 ? null : `${at.file}:${at.line}`
    readers.push(() => {
      const by: Partial<Record<Cause, number>> = {}
      for (const [cause, counter] of refused) by[cause] = counter.total()
      return {
        gate,
        counts,
        used: slots.used,
        limit: limit?.() ?? slots.limit,
        waiting: queue?.length ?? 0,
        admitted: admitted.total(),
        queued: waited.total(),
        refused: by,
        longest: null,
        setting: settingName(config, setting),
        place,
      }
    })
  }
  for (const { name } of config.listeners) {
    add(
      `listener ${name}`,
      `listener:${name}`,
      'connections',
      gateCauses.listener,
      `listeners.${name}.maxConnections`,
      true,
    )
  }
  config.routes.forEach(({ name }, i) => {
    add(`route ${name}`, `route:${name}`, 'requests', gateCauses.route, `routes[${i}].maxConnections`, true)
  })
  for (const { name, maxConnections, servers } of config.pools) {
    // A pool without a limit of its own is full when each of its servers is.
    const own = maxConnections !== UNLIMITED
    const each = servers.map((server) => ledger.slots(`server:${name}/${server.name}`))
    const all = (): number =>
      Math.min(
        UNLIMITED,
        each.reduce((sum, slots) => sum + slots.limit, 0),
      )
    const setting = own ? 'maxConnections' : `servers[${servers.length === 1 ? 0 : '*'}].maxConnections`
    add(
      `pool ${name}`,
      `pool:${name}`,
      'requests',
      gateCauses.pool,
      `pools.${name}.${setting}`,
      true,
      own ? undefined : all,
    )
    add(`streams of pool ${name}`, `streams:${name}`, 'streams', gateCauses.streams, `pools.${name}.streams.max`, false)
  }
  return () => readers.map((read) => read())
}
