/**
 * Who runs where. The proxy has as many cores as it has threads to itself, origin and load share the rest: so a proxy
 * cannot shine by taking a core from those who load it, and what it costs does not hang on who was scheduled beside it.
 */
export interface Cores {
  /** As `taskset -c` takes them; null: any. */
  readonly proxy: string | null
  readonly load: string | null
}

/** Shares the cores out; nobody is held to any when fewer are left for the load than the proxy has. */
export function shareCores(cores: readonly number[], threads: number): Cores {
  if (cores.length < threads * 2) return { proxy: null, load: null }
  return { proxy: cores.slice(-threads).join(','), load: cores.slice(0, -threads).join(',') }
}
