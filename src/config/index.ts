/** `headgate/config`: for people that write a configuration, and programs that read one. */
export type { ConfigContext, ConfigExport } from './define.ts'
export { defineConfig } from './define.ts'
export type { ConfigSource, Loaded, LoadOptions } from './load.ts'
export { loadConfig } from './load.ts'
export type { Config } from './model.ts'
export type { Notice } from './notice.ts'
export type {
  Duration,
  Size,
  WrittenAdmin,
  WrittenCache,
  WrittenConfig,
  WrittenHealth,
  WrittenListener,
  WrittenPool,
  WrittenRoute,
  WrittenRouteCache,
  WrittenServer,
} from './written.ts'
