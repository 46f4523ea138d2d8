/** One health probe: a fresh connection of its own, outside of all limits and of the data plane's idle connections. */
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Address, HealthConfig } from '../../config/model.ts'
import type { CheckResult } from '../../pool/health.ts'

/** What to ask of a server, and what it has to answer. */
export type ProbeConfig = Pick<HealthConfig, 'http' | 'expect' | 'timeout' | 'host'>

export interface Probe {
  /** Ends it without a finding. */
  stop(): void
}

/** Called once: the finding, and in a few words what was seen. */
export type Found = (finding: CheckResult, reason: string) => void

/** Bytes read of a response head, and of its body; a health page has no need for more. */
const HEAD = 16 * 1024
const BODY = 64 * 1024

/** Errors of this machine, which say nothing about the server: no descriptor, port or memory is left. */
const ours = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])

/** Makes one probe of `address`. `found` is never called from within this call, nor after `stop`. */
export function probe(address: Address, config: ProbeConfig, found: Found): Probe {
  const where = 'path' in address ? { path: address.path } : { host: address.host, port: address.port }
  let done = false
  const report: Found = (finding, reason) => {
    if (done) return
    done = true
    found(finding, reason)
  }
  const failed = (error: NodeJS.ErrnoException): void => {
    const reason = error.code ?? error.message
    report(ours.has(reason) ? 'unknown' : 'bad', reason)
  }
  const flight = config.http === null ? dial(where, report) : ask(where, config.http, config, report)
  flight.on('error', failed)
  // The timer also ends what is left of a probe that has its finding: a body that drips on.
  const timer = setTimeout(() => {
    report('timeout', `no answer within ${config.timeout} ms`)
    flight.destroy()
  }, config.timeout)
  flight.once('close', () => {
    clearTimeout(timer)
    report('bad', 'closed without an answer')
  })
  return {
    stop(): void {
      done = true
      flight.destroy()
    },
  }
}

type Where = { readonly path: string } | { readonly host: string; readonly port: number }

interface Flight {
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'close', listener: () => void): unknown
  destroy(): unknown
}

function dial(where: Where, report: Found): Flight {
  const socket = connect(where, () => {
    report('good', 'took a connection')
    socket.destroy()
  })
  return socket
}

function ask(where: Where, path: string, config: ProbeConfig, report: Found): Flight {
  const [first, last] = config.expect
  const asking = request({
    ...('path' in where ? { socketPath: where.path } : where),
    agent: false,
    path,
    headers: {
      host: config.host || hostOf(where),
      'user-agent': 'headgate-health',
      accept: '*/*',
      connection: 'close',
    },
    maxHeaderSize: HEAD,
  })
  asking.on('response', (response) => {
    const status = response.statusCode ?? 0
    if (status >= first && status <= last) report('good', `status ${status}`)
    else report('bad', `status ${status}, not ${first === last ? first : `${first} to ${last}`}`)
    let bytes = 0
    response.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > BODY) asking.destroy()
    })
    response.on('error', () => {}) // it has been judged by its status
  })
  // A server that switches protocols unasked would keep the connection.
  asking.on('upgrade', (response, socket) => {
    report('bad', `status ${response.statusCode}`)
    socket.destroy()
  })
  asking.end()
  return asking
}

/** The Host field for an address; `localhost` for a unix socket (RFC 9110 §7.2 needs some value). */
function hostOf(where: Where): string {
  if ('path' in where) return 'localhost'
  const host = where.host.includes(':') ? `[${where.host}]` : where.host
  return where.port === 80 ? host : `${host}:${where.port}`
}
