/**
 * Every way an exchange can end badly. One row is all there is to know about it: the error page, the access log,
 * `Proxy-Status`, metrics labels and docs/causes.md are made from these rows and from nothing else. Code that fails an
 * exchange names a cause and never a status.
 */
import { purgeCauses } from './cause-purge.ts'
import type { CauseRow } from './cause-row.ts'
import { tunnelCauses } from './cause-tunnel.ts'

const bad = { by: 'client', proxyStatus: 'http_request_error', letter: 'B', retry: 'never', shed: false } as const
const full = { by: 'self', status: 503, proxyStatus: 'connection_limit_reached', retry: 'never', shed: true } as const
const failed = { by: 'server', shed: false } as const

export const causes = {
  // The request could not be understood or is not taken (RFC 9110 §15.5, RFC 9112).
  request_line_bad: {
    ...bad,
    status: 400,
    sentence: 'The first line of the request is not valid HTTP.',
    advice: 'The client is broken or is probing. Find it by its address in the access log.',
  },
  line_ending_bad: {
    ...bad,
    status: 400,
    sentence: 'The request uses a bare CR or LF where CRLF is required.',
    advice: 'The client is broken or tries to smuggle a request (RFC 9112 §2.2). Headgate has no lenient mode.',
  },
  target_bad: {
    ...bad,
    status: 400,
    sentence: 'The request target is not valid.',
    advice: 'The client sends characters that a URI may not contain (RFC 9112 §3.2); it has to percent-encode them.',
  },
  field_bad: {
    ...bad,
    status: 400,
    sentence: 'A header field of the request is not valid.',
    advice: 'A field name or value has forbidden characters, is folded, or has a space before its colon (RFC 9112 §5).',
  },
  host_bad: {
    ...bad,
    status: 400,
    sentence: 'The request needs exactly one valid Host field.',
    advice: 'The client sends no Host, several, or one that is not a host (RFC 9112 §3.2).',
  },
  content_length_bad: {
    ...bad,
    status: 400,
    sentence: 'The Content-Length of the request is not valid.',
    advice: 'The client sends a length that is no number, or several that differ (RFC 9112 §6.3).',
  },
  framing_conflict: {
    ...bad,
    status: 400,
    sentence: 'The request states the length of its body in two ways.',
    advice: 'Transfer-Encoding and Content-Length together are the mark of request smuggling (RFC 9112 §6.1).',
  },
  transfer_encoding_bad: {
    ...bad,
    status: 400,
    sentence: 'The Transfer-Encoding of the request is not valid.',
    advice: 'Chunked has to be the last coding, applied once, and only in HTTP/1.1 (RFC 9112 §6.1, §7.1).',
  },
  chunk_bad: {
    ...bad,
    status: 400,
    sentence: 'The chunked body of the request is not valid.',
    advice: 'A chunk size, chunk extension, chunk end or trailer breaks RFC 9112 §7.1.',
  },
  body_too_large: {
    ...bad,
    status: 413,
    sentence: 'The body of the request is larger than this site accepts.',
    advice: 'Raise limits.body of the listener if such uploads are wanted.',
  },
  target_too_long: {
    ...bad,
    status: 414,
    sentence: 'The request target is longer than this site accepts.',
    advice: 'Raise limits.line of the listener, or have the client send the data in a body.',
  },
  expectation_unknown: {
    ...bad,
    status: 417,
    sentence: 'The request expects something this site does not know.',
    advice: 'Only "100-continue" is defined for Expect (RFC 9110 §10.1.1).',
  },
  head_too_large: {
    ...bad,
    status: 431,
    sentence: 'The header fields of the request are larger than this site accepts.',
    advice: 'Often a cookie that grew too large. Raise limits.head or limits.fields of the listener if it is wanted.',
  },
  method_refused: {
    ...bad,
    status: 405,
    proxyStatus: 'http_request_denied',
    sentence: 'This method is not allowed here.',
    advice: 'CONNECT is refused unless a route has connect: true.',
  },
  transfer_encoding_unknown: {
    ...bad,
    status: 501,
    sentence: 'The request uses a transfer coding this site does not know.',
    advice: 'Only chunked is supported (RFC 9112 §6.1 asks for 501).',
  },
  version_unsupported: {
    ...bad,
    status: 505,
    sentence: 'The request uses a version of HTTP this site does not speak.',
    advice: 'Headgate speaks HTTP/1.1 and HTTP/1.0 on this listener.',
  },
  no_route: {
    ...bad,
    status: 404,
    proxyStatus: 'destination_not_found',
    letter: 'D',
    sentence: 'There is nothing at this address.',
    advice: 'No route matches this host and path. Add one, or a route without host and path for all the rest.',
  },
  loop: {
    ...bad,
    status: 502,
    proxyStatus: 'proxy_loop_detected',
    letter: 'L',
    sentence: 'The request came back to the proxy that sent it on.',
    advice:
      'A server of the pool leads back to this Headgate (its own name is in Via or CDN-Loop). Correct the address.',
  },
  client_header_timeout: {
    ...bad,
    status: 408,
    letter: 'c',
    sentence: 'The request did not arrive in time.',
    advice: 'The client opened a request and did not finish its head within timeouts.header of the listener.',
  },
  client_body_timeout: {
    ...bad,
    status: 408,
    letter: 'c',
    sentence: 'The body of the request did not arrive in time.',
    advice: 'The client paused its upload for longer than timeouts.body of the listener.',
  },
  client_stalled: {
    ...bad,
    status: 0,
    proxyStatus: 'connection_write_timeout',
    letter: 'c',
    sentence: 'The client stopped reading the response.',
    advice: 'The client took nothing for longer than timeouts.send of the listener; its slot went to others.',
  },
  client_gone: {
    ...bad,
    status: 0,
    proxyStatus: null,
    letter: 'C',
    sentence: 'The client left before the response was complete.',
    advice: 'People leave when they wait too long: compare the queue and first-byte times of these lines.',
  },

  // Headgate refused it: a limit was reached.
  listener_full: {
    ...full,
    letter: 'F',
    sentence: 'The site has as many visitors as it can take at the moment. Please try again shortly.',
    advice:
      'All of the listener’s maxConnections are in use, and none of them idle. Raise it if memory and file descriptors allow.',
  },
  listener_wait_timeout: {
    ...full,
    letter: 'Q',
    sentence: 'The site has as many visitors as it can take at the moment. Please try again shortly.',
    advice:
      'No connection of the listener became free or idle within whenFull.timeout. Raise maxConnections if memory and file descriptors allow.',
  },
  route_full: {
    ...full,
    letter: 'F',
    sentence: 'This part of the site is busy at the moment. Please try again shortly.',
    advice: 'The route’s maxConnections are in use and it has no queue. Give it one, or raise its limit.',
  },
  pool_full: {
    ...full,
    letter: 'F',
    sentence: 'The site is busy at the moment. Please try again shortly.',
    advice:
      'Every server is at its maxConnections (or the pool is at its own) and there is no queue. Give the pool a queue, raise the limits if the servers can carry more, or add a server.',
  },
  queue_full: {
    ...full,
    letter: 'F',
    sentence: 'The site is busy at the moment and its queue is full. Please try again shortly.',
    advice: 'Every place in the queue is taken. A longer queue helps with short bursts only; otherwise add capacity.',
  },
  queue_timeout: {
    ...full,
    letter: 'Q',
    sentence: 'The site is busy at the moment and no place became free in time. Please try again shortly.',
    advice: 'The request waited for queue.timeout. Find what holds the slots (long first-byte times), or add capacity.',
  },
  coalesce_full: {
    ...full,
    letter: 'F',
    sentence: 'The site is busy at the moment. Please try again shortly.',
    advice:
      'As many requests as coalesce.max allows already wait for one fetch. Raise it, or let further ones fetch for themselves (coalesce.otherwise).',
  },
  coalesce_timeout: {
    ...full,
    letter: 'Q',
    sentence: 'The site is busy at the moment. Please try again shortly.',
    advice:
      'The fetch that the request waited for took longer than coalesce.timeout to bring its first byte. Find what is slow at the server, or let those that waited fetch for themselves (coalesce.otherwise).',
  },
  ...purgeCauses,
  not_cached: {
    by: 'client',
    status: 504,
    proxyStatus: null,
    letter: 'N',
    retry: 'never',
    shed: false,
    sentence: 'There is no stored copy of this page, and the request does not allow fetching it.',
    advice: 'The client sent Cache-Control: only-if-cached (RFC 9111 §5.2.1.7). Nothing needs to be done.',
  },
  streams_full: {
    ...full,
    letter: 'F',
    sentence: 'The site has as many open streams as it can take at the moment. Please try again shortly.',
    advice: 'The budget for long-lived streams is used up. Raise streams.max of the pool if memory allows.',
  },
  no_server: {
    ...full,
    proxyStatus: 'destination_unavailable',
    letter: 'N',
    sentence: 'The site is not available at the moment. Please try again shortly.',
    advice: 'No server of the pool may take requests: all are drained, in maintenance or down.',
  },
  local_resources: {
    ...full,
    proxyStatus: 'proxy_internal_error',
    letter: 'O',
    retry: 'unsent',
    sentence: 'The site is busy at the moment. Please try again shortly.',
    advice:
      'File descriptors or local ports are scarce. Raise the descriptor limit (LimitNOFILE= in systemd, ulimit -n), or lower maxConnections of the listeners.',
  },
  shutting_down: {
    ...full,
    proxyStatus: 'destination_unavailable',
    letter: 'K',
    sentence: 'The site is being restarted. Please try again shortly.',
    advice: 'Headgate was stopping, and the drain time was over before this request was done.',
  },

  // The server failed.
  dns_failed: {
    ...failed,
    status: 502,
    proxyStatus: 'dns_error',
    letter: 'D',
    retry: 'unsent',
    sentence: 'The site could not be reached.',
    advice: 'The name of the server does not resolve. Check the address in the pool and the resolver of this machine.',
  },
  connect_refused: {
    ...failed,
    status: 502,
    proxyStatus: 'connection_refused',
    letter: 'R',
    retry: 'unsent',
    sentence: 'The site could not be reached.',
    advice: 'Nothing listens at the server’s address. Is it running, and is the port right?',
  },
  connect_failed: {
    ...failed,
    status: 502,
    proxyStatus: 'destination_ip_unroutable',
    letter: 'R',
    retry: 'unsent',
    sentence: 'The site could not be reached.',
    advice: 'The connection to the server failed. Check network, firewall and address.',
  },
  connect_timeout: {
    ...failed,
    status: 504,
    proxyStatus: 'connection_timeout',
    letter: 'T',
    retry: 'unsent',
    sentence: 'The site could not be reached in time.',
    advice:
      'No answer to the connection within timeouts.connect: the server’s backlog is full, or packets are dropped.',
  },
  send_timeout: {
    ...failed,
    status: 504,
    proxyStatus: 'connection_write_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The site did not take the request in time.',
    advice: 'The server stopped reading the body of the request for longer than timeouts.betweenBytes.',
  },
  first_byte_timeout: {
    ...failed,
    status: 504,
    proxyStatus: 'http_response_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The site did not answer in time.',
    advice: 'The server took longer than timeouts.firstByte. Find the slow URLs in the access log before raising it.',
  },
  between_bytes_timeout: {
    ...failed,
    status: 504,
    proxyStatus: 'connection_read_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The answer of the site stopped half way.',
    advice: 'The server paused within a response for longer than timeouts.betweenBytes.',
  },
  total_timeout: {
    ...failed,
    status: 504,
    proxyStatus: 'http_response_timeout',
    letter: 'T',
    retry: 'never',
    sentence: 'The site did not answer in time.',
    advice: 'The exchange took longer than timeouts.total, all waiting and all attempts included.',
  },
  ...tunnelCauses,
  response_cut: {
    ...failed,
    status: 502,
    proxyStatus: 'http_response_incomplete',
    letter: 'X',
    retry: 'idempotent',
    sentence: 'The site broke off its answer.',
    advice: 'The server closed the connection before the response was complete. Look for a crash in its log.',
  },
  response_bad: {
    ...failed,
    status: 502,
    proxyStatus: 'http_protocol_error',
    letter: 'P',
    retry: 'never',
    sentence: 'The site gave an answer that is not valid HTTP.',
    advice: 'The server’s response breaks RFC 9112; the detail names the place. Is the port right, is it TLS?',
  },
  response_head_too_large: {
    ...failed,
    status: 502,
    proxyStatus: 'http_response_header_section_size',
    letter: 'P',
    retry: 'never',
    sentence: 'The site gave an answer with too many or too large header fields.',
    advice: 'Raise limits.head or limits.fields of the pool if the server’s fields are wanted.',
  },
  response_transfer_coding: {
    ...failed,
    status: 502,
    proxyStatus: 'http_response_transfer_coding',
    letter: 'P',
    retry: 'never',
    sentence: 'The site gave an answer in a coding that cannot be passed on.',
    advice: 'The server uses a transfer coding other than chunked, which Headgate did not ask for.',
  },

  internal: {
    by: 'self',
    status: 500,
    proxyStatus: 'proxy_internal_error',
    letter: 'I',
    retry: 'never',
    shed: false,
    sentence: 'Something went wrong in the gateway.',
    advice: 'This is a defect of Headgate. The log line with the same incident id has the stack; please report it.',
  },
} as const satisfies Record<string, CauseRow>

/** The name of a cause. */
export type Cause = keyof typeof causes

/** All causes in the order of the table; the index of a cause in it is its number in the ledger. */
export const causeNames: readonly Cause[] = Object.keys(causes) as Cause[]

/** The row of a cause. */
export function rowOf(cause: Cause): CauseRow {
  return causes[cause]
}
