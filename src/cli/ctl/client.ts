/** Asks the admin API of a running Headgate. */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { z } from 'zod'
import { addressText, readServer } from '../../config/address.ts'
import { defaults } from '../../config/defaults.ts'
import type { Address } from '../../config/model.ts'
import { Refusal } from '../../config/refusal.ts'
import { problemSchema } from '../../watch/admin/problem.ts'

/** How long an answer may take, in ms. */
const PATIENCE = 10_000

/** Why there is no answer to show, as problem details (RFC 9457) have it. */
export interface Trouble {
  readonly title: string
  readonly detail: string
  readonly fix: string
  /** 0: there was no answer at all. */
  readonly status: number
  readonly place?: string
}

export type Answer = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly trouble: Trouble }

/** What the command line and the environment say of where the admin API is. */
export interface Access {
  readonly address: Address
  readonly token: string | null
}

type Env = Readonly<Record<string, string | undefined>>

/** The address of an option, of HEADGATE_ADMIN, or the usual one; the token of HEADGATE_ADMIN_TOKEN. A text says what is wrong. */
export function accessOf(option: string | undefined, env: Env): Access | string {
  const named = option ?? env.HEADGATE_ADMIN
  const given = named === undefined || named === '' ? defaults.admin.bind : named
  const read = readServer(given.startsWith(':') ? `127.0.0.1${given}` : given)
  if (read instanceof Refusal) {
    const from = option === undefined ? 'HEADGATE_ADMIN' : '--admin'
    return `${from}: ${read.says}. Write ${defaults.admin.bind}, or unix:/run/headgate-admin.sock`
  }
  const token = env.HEADGATE_ADMIN_TOKEN ?? ''
  // The library would throw on it, and say it.
  if (!/^[\x21-\x7e]*$/.test(token)) return 'HEADGATE_ADMIN_TOKEN has spaces or other signs that a field cannot carry'
  return { address: read.address, token: token === '' ? null : token }
}

/** What is asked, and the form that the answer has to have. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly form: z.ZodType
}

/** Sends one request. Never rejects: what goes wrong is the trouble. */
export async function ask({ address, token }: Access, { method, path, body, form }: Asked): Promise<Answer> {
  const where = 'path' in address ? { socketPath: address.path } : { host: address.host, port: address.port }
  const sent = body === undefined ? null : JSON.stringify(body)
  const outgoing = request({
    ...where,
    method,
    path,
    agent: false,
    signal: AbortSignal.timeout(PATIENCE),
    headers: {
      Accept: 'application/json',
      ...('path' in address && { Host: 'localhost' }),
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(sent !== null && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(sent) }),
    },
  })
  try {
    const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
    outgoing.on('response', resolve).on('error', reject)
    outgoing.end(sent ?? undefined)
    const response = await promise
    return answerOf(response.statusCode ?? 0, await text(response), form, addressText(address))
  } catch (error) {
    return { ok: false, trouble: unreachable(error as NodeJS.ErrnoException, addressText(address)) }
  }
}

/** Whatever listens there may answer anything. */
function answerOf(status: number, body: string, form: z.ZodType, at: string): Answer {
  const said = parsed(body)
  if (status === 200 && form.safeParse(said).success) return { ok: true, body: said }
  const problem = problemSchema.safeParse(said).data
  if (status !== 200 && problem !== undefined) {
    const { type, title, detail, place } = problem
    const fix = remediesHere[type] ?? problem.fix
    return { ok: false, trouble: { title, detail, fix, status, ...(place !== undefined && { place }) } }
  }
  const detail = `what answers at ${at} is no admin API of this version of Headgate (status ${status})`
  const fix = 'name the address that headgate run told at its start, with --admin or HEADGATE_ADMIN'
  return { ok: false, trouble: { title: 'This is not Headgate', detail, fix, status: 0 } }
}

/** Remedies that the command line has other words for than the API. */
const remediesHere: Readonly<Record<string, string>> = {
  'urn:headgate:problem:servers-saturated':
    'wait until they have room, purge --soft by tag or prefix, or insist with --force',
  'urn:headgate:problem:too-many-removals': 'try again in some seconds; one --tag or --prefix does what many orders do',
}

/** undefined where it is no JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'is headgate run running, and with an admin API? It tells the address at its start; name it with --admin',
  ENOENT: 'is headgate run running? The path of its socket is admin.bind in its configuration',
  EACCES: 'run this as the user of Headgate, or give this user access to the socket',
  ENOTFOUND: 'correct the name of the machine',
  ABORT_ERR: 'try again; a machine that is very busy may take long',
}

function unreachable({ code = '', name, message }: NodeJS.ErrnoException, at: string): Trouble {
  const late = name === 'AbortError' || name === 'TimeoutError'
  const detail = late
    ? `${at} gave no answer within ${PATIENCE / 1000} s`
    : `${at} cannot be reached (${code || message})`
  const fix =
    remedies[late ? 'ABORT_ERR' : code] ?? 'look whether headgate run is running, and whether a firewall is between'
  return { title: 'There is no answer', detail, fix, status: 0 }
}
