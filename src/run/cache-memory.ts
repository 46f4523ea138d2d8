/** The memory of the cache, and whether what is removed from it could be fetched again. */
import type { Config } from '../config/model.ts'
import { createStoreMemory, type StoreMemory } from '../store/memory.ts'
import { planStore } from '../store/plan.ts'
import type { Usage } from './usage.ts'

/** Why what is removed from the cache could not be fetched again at once: the first pool where somebody waits or nobody may. */
export function saturatedPool({ pools }: Usage): string | null {
  for (const { name, inUse, limit, waiting, servers } of pools) {
    if (waiting > 0) return `${waiting} requests wait in the line of pool ${name}`
    const all = servers.every((server) => server.inUse >= server.limit)
    if (inUse >= limit || all) return `all places of pool ${name} are taken`
  }
  return null
}

/** The memory of the cache; null where no route has one. */
export function storeOf(config: Config): StoreMemory | null {
  if (config.routes.every(({ cache }) => cache === null)) return null
  const { size, maxObject } = config.cache
  const plan = planStore({ bytes: size, threads: config.threads })
  return createStoreMemory({ ...plan, maxObject: Math.min(maxObject, plan.maxObject) })
}
