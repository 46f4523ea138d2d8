/** A Headgate from the text of a file, with its access log in a folder of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { type Headgate, start } from '../../src/run/supervisor.ts'
import { createAppLog } from '../../src/watch/log/app-log.ts'

/** A line of the access log in the JSON format, as far as tests look at it. */
export interface LogLine {
  readonly time: string
  readonly thread: number
  readonly listener: string
  readonly pool: string | null
  readonly server: string | null
  readonly client: string
  readonly port: number
  readonly method: string
  readonly target: string
  readonly status: number
  readonly end: string
  readonly cause: string | null
  readonly incident: string | null
  readonly queueMs: number | null
  readonly connectMs: number | null
  readonly totalMs: number | null
  readonly firstByteMs: number | null
  readonly bytesIn: number
  readonly bytesOut: number
  readonly retries: number
  readonly redispatched: boolean
  readonly reused: boolean
  readonly listenerInUse: number
  readonly poolInUse: number
  readonly serverInUse: number
  readonly queueLength: number
  readonly cache: string | null
  readonly cacheDetail: string | null
  readonly diagnosis: {
    readonly gate: string
    readonly limit: number | null
    readonly limitBy: string | null
    readonly observed: number | null
    readonly setting: string | null
    readonly place: string | null
    readonly advice: string
    readonly detail: string | null
  } | null
}

export interface Logged extends AsyncDisposable {
  readonly gate: Headgate
  readonly port: number
  /** What the control plane said, from warnings on, as JSON lines. */
  readonly said: readonly string[]
  /** Stops in good order, after which the log is complete, and reads it. Each thread writes its own lines in order; those of two threads stand in any. */
  log(): Promise<LogLine[]>
}

/** Starts what the YAML says under the name `headgate.yaml`; `LOG` in it stands for the path of the access log. */
export async function logged(yaml: string): Promise<Logged> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const path = join(folder, 'access.log')
  const { config, notices } = await loadConfig({ text: yaml.replace('LOG', path), name: 'headgate.yaml' })
  if (config === null) throw new Error(JSON.stringify(notices))
  const said: string[] = []
  const gate = await start(config, { log: createAppLog('warn', { write: (line) => said.push(line) }) })
  return {
    gate,
    said,
    port: Number(Object.values(gate.addresses)[0]?.[0]?.split(':').pop()),
    async log() {
      await gate.stop()
      return readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as LogLine)
    },
    async [Symbol.asyncDispose]() {
      await gate.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The number of the line of `text` in which `part` stands first, counted from 1. */
export function lineOf(text: string, part: string): number {
  const at = text.indexOf(part)
  if (at < 0) throw new Error(`there is no ${part} in it`)
  return text.slice(0, at).split('\n').length
}
