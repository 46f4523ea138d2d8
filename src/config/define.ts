/** What configuration files import. Nothing else is loaded for it. */
import type { WrittenConfig } from './written.ts'

/** What a configuration that is a function is told. */
export interface ConfigContext {
  /** The environment variables of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A configuration, or a function that returns one, now or later. */
export type ConfigExport = WrittenConfig | ((context: ConfigContext) => WrittenConfig | Promise<WrittenConfig>)

/** Returns what it is given; an editor then knows every setting and what it means. */
export function defineConfig(config: ConfigExport): ConfigExport {
  return config
}
