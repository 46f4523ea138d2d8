/** The memory of a store: what a worker is given to make its own Store of. */
import { Blocks } from './blocks.ts'
import { type StorePlan, tableWords } from './store-plan.ts'

export interface StoreMemory {
  readonly plan: StorePlan
  /** The tables of what each thread pins. */
  readonly control: SharedArrayBuffer
  readonly shards: readonly SharedArrayBuffer[]
}

/** Makes an empty store. Only a few pages of it become resident. */
export function createStoreMemory(plan: StorePlan): StoreMemory {
  const control = new SharedArrayBuffer((plan.threads + 1) * tableWords(plan) * 4)
  const shards = Array.from({ length: plan.shards }, () => new SharedArrayBuffer(plan.words * 4))
  for (const shard of shards) new Blocks(new Int32Array(shard), plan).reset([])
  return { plan, control, shards }
}
