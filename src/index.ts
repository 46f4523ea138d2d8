/** Headgate from a program: `await using headgate = await start(configFrom({ … }))`. `loadConfig` reads a file. */
export { type Cause, causes } from './base/cause.ts'
export type { CauseRow } from './base/cause-row.ts'
export * from './config/index.ts'
export { ConfigError, configFrom } from './config/native.ts'
export type { GateUsage, PoolUsage, ServerUsage } from './run/status/usage.ts'
export { type Headgate, type StartOptions, start, type Usage } from './run/supervisor.ts'
export { createAppLog, type Logger, type LogLevel } from './watch/log/app-log.ts'
