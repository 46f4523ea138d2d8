/**
 * The admin API's door: HTTP with JSON on the main thread, away from the data path. Node's own HTTP serves here: few
 * requests, from people and their tools. The caller is checked before anything of the request is looked at.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addressText } from '../../config/address.ts'
import type { AdminConfig } from '../../config/model.ts'
import { bind } from '../../net/listen/bind.ts'
import type { Logger } from '../log/app-log.ts'
import { readBody } from './body.ts'
import { checkCaller, type Door } from './caller.ts'
import { keepRoom } from './connection-room.ts'
import type { Endpoint } from './endpoints.ts'
import { endpoints } from './endpoints.ts'
import { checked } from './form.ts'
import type { GatePort } from './gate-port.ts'
import { PROBLEM_TYPE, Problem } from './problem.ts'
import { reply } from './reply.ts'
import { findEndpoint } from './routing.ts'
import { answerUnread, LONGEST_HEAD } from './unread.ts'

/** Connections at once. An operator and a few tools need no more. */
const MOST_CONNECTIONS = 64
/** How long a head and a whole request may take, and a connection may be idle, in ms. */
const HEAD_TIME = 5_000
const REQUEST_TIME = 10_000
const IDLE_TIME = 5_000

/** A running admin API. */
export interface AdminServer {
  /** Where it listens: `127.0.0.1:9191`, `unix:/run/admin.sock`. */
  readonly address: string
  /** Ends it at once; answers under way are cut off. */
  close(): Promise<void>
}

/** Starts listening. Rejects with the system's error when the address cannot be had. */
export async function openAdmin({ bind: at, token }: AdminConfig, port: GatePort, log: Logger): Promise<AdminServer> {
  const door: Door = { token, socket: 'path' in at }
  const serves = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(request, response, port, door, log)
  const server = createServer(
    {
      headersTimeout: HEAD_TIME,
      requestTimeout: REQUEST_TIME,
      keepAliveTimeout: IDLE_TIME,
      maxHeaderSize: LONGEST_HEAD,
      connectionsCheckingInterval: 1000,
      // A request without one is answered below.
      requireHostHeader: false,
    },
    serves,
  )
  server.on('checkExpectation', serves)
  answerUnread(server)
  keepRoom(server, MOST_CONNECTIONS)
  // It never keeps a process alive that has nothing else to do.
  server.unref()
  await bind(server, 'path' in at ? { path: at.path } : { host: at.host === '' ? '::' : at.host, port: at.port })
  // Out of descriptors, for one: the data path has its own ways with that, and goes on.
  server.on('error', (error) => log.error({ error }, `the admin API has trouble: ${error.message}`))
  return { address: boundAddress(server), close: () => close(server) }
}

function boundAddress(server: Server): string {
  const bound = server.address() as AddressInfo | string
  return addressText(typeof bound === 'string' ? { path: bound } : { host: bound.address, port: bound.port })
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: GatePort,
  door: Door,
  log: Logger,
): Promise<void> {
  try {
    checkHead(request, door)
    checkCaller(request.headers, door)
    reply(response, 200, 'application/json', await serve(request, response, port))
  } catch (error) {
    // A caller that has left gets nothing.
    if (response.destroyed || response.headersSent) return
    const problem = error instanceof Problem ? error : defect(error, log)
    if (problem.kind === 'no-token' || problem.kind === 'bad-token')
      response.setHeader('WWW-Authenticate', 'Bearer realm="headgate"')
    // What of the request has not been read is not worth reading.
    if (!request.complete) response.setHeader('Connection', 'close')
    reply(response, problem.status, PROBLEM_TYPE, problem)
  }
}

/** What HTTP itself asks of a head (RFC 9112 §3.2, RFC 9110 §10.1.1), and Node does not hold it to or answers bare. */
function checkHead({ httpVersion, headers, headersDistinct }: IncomingMessage, door: Door): void {
  const hosts = headersDistinct.host?.length ?? 0
  if (!door.socket && (hosts > 1 || (hosts === 0 && httpVersion === '1.1')))
    throw new Problem('bad-request', `the request has ${hosts === 0 ? 'no' : 'several'} Host`, 'send one Host', 'Host')
  const { expect } = headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw new Problem('bad-expectation', 'Expect names something unknown', 'leave it out', 'Expect')
}

async function serve(request: IncomingMessage, response: ServerResponse, port: GatePort): Promise<unknown> {
  const { method = '', url = '' } = request
  const target = URL.parse(url.startsWith('/') ? `http://admin.invalid${url}` : url)
  if (target === null) throw new Problem('bad-request', 'the target is not a path', 'ask for a path such as /v1/status')
  const { endpoint, params } = findEndpoint(endpoints, method, target.pathname, (allowed) =>
    response.setHeader('Allow', allowed),
  )
  const query = queryOf(endpoint, target.searchParams)
  const body = endpoint.body === null ? undefined : checked(endpoint.body, await readBody(request), 'body')
  return await endpoint.serve(port, { params, query: query as never, body: body as never })
}

function queryOf({ query, path }: Endpoint, given: URLSearchParams): unknown {
  const names = [...given.keys()]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new Problem('bad-request', 'a parameter is there twice', 'leave one of them out', `query.${twice}`)
  if (query !== null) return checked(query, Object.fromEntries(given), 'query')
  if (names.length > 0)
    throw new Problem('bad-request', `${path} has no parameters`, 'leave out the query', `query.${names[0]}`)
  return undefined
}

/** What went wrong inside is for the log, not for the caller. */
function defect(error: unknown, log: Logger): Problem {
  log.error({ error }, 'a defect of Headgate in the admin API')
  return new Problem('defect', 'this request met a defect of Headgate', 'see the log of Headgate for it')
}
