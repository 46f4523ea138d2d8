/** `headgate ctl`: looks at a running Headgate and gives it orders, through its admin API. */
import { UNLIMITED } from '../config/model.ts'
import * as answers from '../watch/admin/answers.ts'
import { problems } from '../watch/admin/problem.ts'
import * as cacheView from './ctl/cache-view.ts'
import { type Access, type Asked, accessOf, ask, type Trouble } from './ctl/client.ts'
import { incidentLines } from './ctl/incident-view.ts'
import * as view from './ctl/view.ts'
import type { Paint } from './style.ts'
import { paintFor } from './style.ts'

/** Exit statuses; see main.ts. */
const OK = 0
const FAILED = 1
const USAGE = 2

/** What stands behind every command of ctl. */
export interface CtlOptions {
  readonly admin?: string
  readonly json?: boolean
}

export interface PurgeOptions extends CtlOptions {
  readonly url?: string
  readonly prefix?: string
  readonly tag?: readonly string[]
  readonly soft?: boolean
  readonly force?: boolean
}

/** Where it writes and what it knows; those of the process but in tests. */
export interface Surroundings {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
}

const here: Surroundings = { out: process.stdout, err: process.stderr, env: process.env }

/** One request, and how its answer is shown. */
interface Order extends Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  // Given what fits the form.
  readonly lines: (answer: never, look: view.Look) => string[]
}

export function status(options: CtlOptions, at?: Surroundings): Promise<number> {
  return obey({ method: 'GET', path: '/v1/status', form: answers.statusAnswer, lines: view.statusLines }, options, at)
}

export function limits(options: CtlOptions, at?: Surroundings): Promise<number> {
  return obey({ method: 'GET', path: '/v1/limits', form: answers.limitsAnswer, lines: view.limitLines }, options, at)
}

/** `value`: a whole number below UNLIMITED, or `unlimited`. */
export function setLimit(path: string, value: string, options: CtlOptions, at: Surroundings = here): Promise<number> {
  const limit = value === 'unlimited' ? value : /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
  if (limit !== 'unlimited' && !(limit < UNLIMITED))
    return misused(`'${value}' is no limit. Write a whole number, or unlimited`, at)
  const order: Order = {
    method: 'PATCH',
    path: '/v1/limits',
    body: { [path]: limit },
    form: answers.limitsAnswer,
    lines: () => [`${path} is ${limit}`],
  }
  return obey(order, options, at)
}

export function state(
  pool: string,
  server: string,
  given: string,
  options: CtlOptions,
  at?: Surroundings,
): Promise<number> {
  const path = `/v1/pools/${encodeURIComponent(pool)}/servers/${encodeURIComponent(server)}/state`
  const lines = (): string[] => [`${server} of pool ${pool}: ${given}`]
  return obey({ method: 'PUT', path, body: { adminState: given }, form: answers.adminStateAnswer, lines }, options, at)
}

/** `id` may be written as it was read out, with spaces or in lower case. */
export function incident(id: string, options: CtlOptions, at?: Surroundings): Promise<number> {
  const path = `/v1/incidents/${encodeURIComponent(id)}`
  return obey({ method: 'GET', path, form: answers.incidentAnswer, lines: incidentLines }, options, at)
}

export function cache(options: CtlOptions, at?: Surroundings): Promise<number> {
  return obey({ method: 'GET', path: '/v1/cache', form: answers.cacheAnswer, lines: cacheView.cacheLines }, options, at)
}

export function purge(options: PurgeOptions, at: Surroundings = here): Promise<number> {
  const { url, prefix, tag, soft, force } = options
  if ([url, prefix, tag].filter((one) => one !== undefined).length !== 1)
    return misused('say what to remove: one of --url, --prefix and --tag', at)
  const body = { url, prefix, tags: tag, soft, force }
  const form = answers.purgeAnswer
  return obey({ method: 'POST', path: '/v1/cache/purge', body, form, lines: cacheView.purgeLines }, options, at)
}

export function ban(
  expression: string,
  options: CtlOptions & { readonly force?: boolean },
  at?: Surroundings,
): Promise<number> {
  const body = { expression, force: options.force }
  const form = answers.banAnswer
  return obey({ method: 'POST', path: '/v1/cache/ban', body, form, lines: cacheView.banLines }, options, at)
}

/** All orders to remove something that are being carried out, purges as well. */
export function bans(options: CtlOptions, at?: Surroundings): Promise<number> {
  const form = answers.removalsListAnswer
  return obey({ method: 'GET', path: '/v1/cache/removals', form, lines: cacheView.removalLines }, options, at)
}

export function show(url: string, options: CtlOptions, at?: Surroundings): Promise<number> {
  const path = `/v1/cache/object?url=${encodeURIComponent(url)}`
  return obey({ method: 'GET', path, form: answers.objectAnswer, lines: cacheView.objectLines }, options, at)
}

async function obey(order: Order, { admin, json = false }: CtlOptions, at: Surroundings = here): Promise<number> {
  const access: Access | string = accessOf(admin, at.env)
  if (typeof access === 'string') return misused(access, at)
  const answer = await ask(access, order)
  if (json) at.out.write(`${JSON.stringify(answer.ok ? answer.body : answer.trouble, null, 2)}\n`)
  else if (answer.ok) {
    const look = { width: at.out.columns ?? Number.POSITIVE_INFINITY, paint: paintFor(at.out) }
    at.out.write(`${order.lines(answer.body as never, look).join('\n')}\n`)
  } else at.err.write(troubleText(answer.trouble, paintFor(at.err)))
  if (answer.ok) return OK
  // What cannot be understood is for the author of the command; all else is for the operator of the machine.
  return answer.trouble.status === problems['bad-request'].status ? USAGE : FAILED
}

function troubleText({ detail, fix, place }: Trouble, paint: Paint): string {
  const where = place === undefined ? '' : ` ${paint('dim', `(${place})`)}`
  return `${paint('red', 'error')}: ${detail}${where}\n  ${paint('dim', 'fix:')} ${fix}\n`
}

function misused(says: string, { err }: Surroundings): Promise<number> {
  err.write(`error: ${says}\n`)
  return Promise.resolve(USAGE)
}
