/** Settings that were given as options of a command line: they are named as options wherever Headgate speaks of them. */
import type { Config, Place } from './model.ts'

/** Names of options by the path of the setting; `*` stands for the number of a server. */
const optionNames: Readonly<Record<string, string>> = {
  'listeners.web.bind': '--listen',
  'pools.app.servers': '--to',
  'pools.app.servers[*]': '--to',
  'pools.app.servers[*].address': '--to',
  'pools.app.servers[*].maxConnections': '--max-connections',
  'pools.app.queue.max': '--queue',
  'pools.app.queue.timeout': '--queue-timeout',
}

/** The configuration of `fromFlags`, whose settings bear the names of their options from here on. */
export function namedByOptions(config: Config): Config {
  const places: Record<string, Place> = { ...config.places }
  for (const [path, option] of Object.entries(optionNames)) {
    const paths = path.includes('*') ? config.pools[0]!.servers.map((_, i) => path.replace('*', String(i))) : [path]
    for (const one of paths) places[one] = { file: '', line: 0, column: 0, option }
  }
  return { ...config, places }
}

/** The setting as the user wrote it, or would write it: its option, or its path. `[*]` stands for all, of which the first counts. */
export function settingName({ places }: Pick<Config, 'places'>, path: string): string {
  return places[path.replace('[*]', '[0]')]?.option ?? path
}
