/** A Headgate for a test: the written form of a configuration, on free ports, ended with the test. */
import { configFrom } from '../../src/config/native.ts'
import type { WrittenConfig } from '../../src/config/written.ts'
import { type Headgate, type StartOptions, start } from '../../src/run/supervisor.ts'

/** A running Headgate, with the port of each listener by name. */
export interface Running extends AsyncDisposable {
  readonly gate: Headgate
  /** Port of the listener `web`, or of the only one. */
  readonly port: number
  readonly ports: Readonly<Record<string, number>>
}

/**
 * Starts Headgate with a written configuration. What is left out: one listener `web` on a free port of loopback, one
 * thread, no access log, one route to the first pool.
 */
export async function headgate(written: Record<string, unknown>, options: StartOptions = {}): Promise<Running> {
  const pools = (written.pools ?? {}) as Record<string, unknown>
  const whole = {
    listeners: { web: {} },
    routes: [{ to: Object.keys(pools)[0] }],
    threads: 1,
    accessLog: false,
    drain: '2s',
    ...written,
  } as { listeners: Record<string, Record<string, unknown>> }
  const listeners = Object.fromEntries(
    Object.entries(whole.listeners).map(([name, listener]) => [name, { bind: '127.0.0.1:0', ...listener }]),
  )
  const gate = await start(configFrom({ ...whole, listeners } as unknown as WrittenConfig), options)
  const ports = Object.fromEntries(
    Object.entries(gate.addresses).map(([name, addresses]) => [name, Number(addresses[0]?.split(':').pop())]),
  )
  return {
    gate,
    ports,
    port: ports.web ?? Object.values(ports)[0] ?? 0,
    [Symbol.asyncDispose]: () => gate.kill(),
  }
}
