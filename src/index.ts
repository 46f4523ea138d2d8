/** Headgate from a program: `await using headgate = await start(configFrom({ … }))`. `loadConfig` reads a file. */
export { type Cause, causes } from './base/cause.ts'
export type { CauseRow } from './base/cause-row.ts'
export * from './config/index.ts'
export { ConfigError, configFrom } from './config/native.ts'
export { type Headgate, type StartOptions, start, type Usage } from './run/start.ts'
export type { GateUsage, PoolUsage, ServerUsage } from './run/usage.ts'
export { createAppLog, type Logger, type LogLevel } from './watch/app-log.ts'
