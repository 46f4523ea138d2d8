/** `headgate run`: starts the proxy, says so, and heeds the signals until the end. */
import { withAdminByDefault } from '../config/admin-address.ts'
import { type Loaded, loadConfig } from '../config/load.ts'
import type { AccessLogConfig, Config } from '../config/model.ts'
import { noticeLine } from '../config/notice.ts'
import { duration } from '../config/quantity.ts'
import { type Headgate, start } from '../run/supervisor.ts'
import { createAppLog } from '../watch/log/app-log.ts'
import { greeting, many } from './greeting.ts'
import { fromOptions, optionsWithoutFile, type RunOptions } from './one-liner.ts'
import { isRunByNpm, onParentGone } from './parent.ts'
import { heed, type Signal, statusOf } from './signals.ts'
import { startFailure } from './start-failure.ts'
import { paintFor } from './style.ts'

/** Exit statuses; see main.ts. */
const OK = 0
const FAILED = 1
const USAGE = 2

/** Runs until it is told to stop. Resolves to the exit status. */
export async function run(file: string | undefined, options: RunOptions): Promise<number> {
  const wrong = misuse(file, options)
  if (wrong !== null) return fail(USAGE, `error: ${wrong}`)

  const { config, from, notices } = await configurationOf(file, options)
  for (const notice of notices) if (notice.severity !== 'info') talk(noticeLine(notice))
  if (config === null) return fail(USAGE, `headgate was not started: the configuration is wrong`)

  const stopped = Promise.withResolvers<Signal>()
  const hurried = Promise.withResolvers<Signal>()
  let headgate: Headgate | null = null
  using _signals = heed({
    stop: stopped.resolve,
    now: hurried.resolve,
    reopen: () => {
      headgate?.reopenLogs()
      talk('SIGUSR2: the log files are open anew')
    },
    reload: () => talk('SIGHUP: reading the configuration anew is not possible yet; restart to change it'),
  })

  using _parent = isRunByNpm(process.env)
    ? onParentGone(() => {
        talk('the shell in which npm started this is gone; run headgate without npm if it is to outlive it')
        stopped.resolve('SIGTERM')
      })
    : null
  try {
    const started = start(withAdminByDefault(config), { log: createAppLog('info') })
    const told = await Promise.race([started, stopped.promise])
    if (typeof told === 'string') endBeforeReady(told)
    headgate = told
  } catch (error) {
    const said = startFailure(error)
    if (said === null) throw error
    return fail(FAILED, said)
  }
  for (const line of greeting(config, headgate.addresses, from, paintFor(process.stderr))) talk(line)
  if (headgate.admin !== null) talk(`  admin: ${headgate.admin}, see headgate ctl --help`)
  else if (config.accessLog === null)
    talk('  incident ids on error pages lead nowhere: there is neither an access log nor an admin API')
  talk('ready')

  return await drain(headgate, config, await stopped.promise, hurried.promise)
}

/** There is nothing to finish yet. Binding may take its time, so the start is not waited for. */
function endBeforeReady(signal: Signal): never {
  process.exit(fail(statusOf(signal), `${signal}: ended before it was ready`))
}

/** Stops in good order, or at once when told a second time. */
async function drain(headgate: Headgate, config: Config, signal: Signal, hurried: Promise<Signal>): Promise<number> {
  const underWay = headgate.usage().pools.reduce((sum, { inUse, waiting }) => sum + inUse + waiting, 0)
  const rest = underWay === 0 ? '' : `; ${many(underWay, 'request')} under way may take ${duration(config.drain)}`
  talk(`${signal}: stopping, no new connections${rest} (once more after a second: at once)`)
  const second = await Promise.race([headgate.stop(), hurried])
  if (second === undefined) {
    talk('stopped')
    return OK
  }
  await headgate.kill()
  return fail(statusOf(second), `${second}: ended at once`)
}

interface Configuration {
  readonly config: Config | null
  /** Where it came from, as it is told. */
  readonly from: string
  readonly notices: Loaded['notices']
}

async function configurationOf(file: string | undefined, options: RunOptions): Promise<Configuration> {
  if (options.to !== undefined) return { ...fromOptions(options), from: 'with the options given' }
  const loaded = await loadConfig(file)
  const { config, notices } = loaded
  return { config: config === null ? null : overridden(config, options), from: `with ${loaded.file}`, notices }
}

/** What the options that may stand beside a file change in it. */
function overridden(config: Config, { threads, accessLog, logRequests }: RunOptions): Config {
  const { accessLog: written } = config
  const unset = accessLog === undefined && logRequests === undefined
  const log: AccessLogConfig = written ?? { to: 'stdout', format: 'json', requests: 'all', buffer: 4 * 1024 * 1024 }
  const { to, requests } = log
  const changed = logRequests === 'none' ? null : { ...log, to: accessLog ?? to, requests: logRequests ?? requests }
  return { ...config, threads: threads ?? config.threads, accessLog: unset ? written : changed }
}

function misuse(file: string | undefined, options: RunOptions): string | null {
  const alone = optionsWithoutFile(options)
  if (file !== undefined && alone.length > 0)
    return `${alone[0]} makes a configuration of its own and cannot stand beside a file. Write it into ${file}, or leave the file out.`
  if (file === undefined && alone.length > 0 && options.to === undefined)
    return `${alone[0]} needs --to: where should the requests go? Such as --to http://127.0.0.1:3000`
  if (options.threads === 0) return '--threads has to be at least 1'
  return null
}

function fail(status: number, said: string): number {
  talk(said)
  return status
}

function talk(line: string): void {
  process.stderr.write(`${line}\n`)
}
