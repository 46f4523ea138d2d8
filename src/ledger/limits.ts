import type { Config, ListenerConfig, PoolConfig, QueueConfig, RouteConfig, ServerConfig } from '../config/model.ts'

/** The part of a configuration that is counted. */
export interface Limits extends Pick<Config, 'threads'> {
  readonly listeners: readonly (Pick<ListenerConfig, 'name' | 'maxConnections'> & { readonly whenFull: Bound | null })[]
  readonly routes: readonly (Pick<RouteConfig, 'name' | 'maxConnections'> & { readonly queue: Bound })[]
  readonly pools: readonly (Pick<PoolConfig, 'name' | 'maxConnections'> & {
    readonly queue: Bound
    readonly streams: Bound
    readonly servers: readonly Pick<ServerConfig, 'name' | 'maxConnections'>[]
  })[]
}
type Bound = Pick<QueueConfig, 'max'>
