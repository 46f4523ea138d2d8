/**
 * The log of the control plane: starts, reloads, limit episodes, trouble. JSON lines for machines; on a terminal one
 * short line for people. Main thread only: worker threads report to it.
 */
import { styleText } from 'node:util'
import { type Logger, pino } from 'pino'
import { shownNumbers } from '../../base/figures.ts'

/** From the least to the most serious; `silent` is none at all. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
export type { Logger }

/** Where the log goes; `process.stderr` is one. */
export interface LogOutput {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Names of values that are never written, wherever they stand in what is logged, to two levels of depth. */
const secrets = [
  'authorization',
  'proxyAuthorization',
  'cookie',
  'setCookie',
  'password',
  'secret',
  'token',
  'privateKey',
]
const redact = {
  paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  censor: '(not shown)',
}

/**
 * The log of this process. Without an output it goes to stderr, which leaves stdout to the access log; there it is
 * written in the background where it is JSON, and at once on a terminal.
 */
export function createAppLog(level: LogLevel, output?: LogOutput): Logger {
  const human = (output ?? process.stderr).isTTY === true
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: shownNumbers },
      serializers: { error: pino.stdSerializers.err },
      errorKey: 'error',
      messageKey: 'message',
      redact,
    },
    human ? humanStream(output ?? process.stderr) : (output ?? background()),
  )
}

/** Not to wait for a reader that has stopped: what it does not take is held to a bound, then left out. */
function background(): ReturnType<typeof pino.destination> {
  return pino.destination({ fd: 2, sync: false, maxLength: 1_000_000 })
}

function humanStream(output: LogOutput): { write(line: string): void } {
  return { write: (line) => void output.write(`${humanLine(line)}\n`) }
}

const styles = {
  debug: ['dim', 'debug'],
  info: ['green', 'info '],
  warn: ['yellow', 'warn '],
  error: ['red', 'error'],
  fatal: ['magenta', 'fatal'],
} as const

/** `19:59:00 warn  pool shop is full  gate="pool shop" limit=500` of a JSON line; a line that is not JSON as it is. */
export function humanLine(json: string): string {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(json) as Record<string, unknown>
  } catch {
    return printable(json.trimEnd())
  }
  const { level, time, message, error, ...rest } = entry
  const [colour, name] = styles[level as keyof typeof styles] ?? (['dim', String(level)] as const)
  const at = new Date(String(time)).toTimeString().slice(0, 8)
  let line = `${style('dim', at)} ${style(colour, name)} ${printable(String(message ?? ''))}`
  const more = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'number' ? value : JSON.stringify(value)}`,
  )
  if (more.length > 0) line += `  ${style('dim', printable(more.join(' ')))}`
  if (error !== undefined && error !== null) line += `\n${errorText(error)}`
  return line
}

/** Plain where stderr is no terminal, or NO_COLOR is set. */
function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stderr })
}

/** The stack, indented, as it says all that is known. */
function errorText(error: unknown): string {
  const { stack, message } = error as { stack?: unknown; message?: unknown }
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : JSON.stringify(error)
  return text
    .split('\n')
    .map((line) => `         ${printable(line)}`)
    .join('\n')
}

/** Text from outside may not move the cursor or colour the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) => (c === '\t' ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`))
}
