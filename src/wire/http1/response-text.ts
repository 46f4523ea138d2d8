/** The text of an HTTP/1.1 response head (RFC 9112 §4, §6). */

/** How content is framed on a connection. */
export type Framing = 'length' | 'chunked' | 'close' | 'none'

/** The status line of the response before, as most are alike. */
let lastStatus = 200
let lastReason = 'OK'
let lastLine = 'HTTP/1.1 200 OK\r\n'

function statusLine(status: number, reason: string): string {
  if (status !== lastStatus || reason !== lastReason) {
    lastStatus = status
    lastReason = reason
    lastLine = `HTTP/1.1 ${status} ${reason}\r\n`
  }
  return lastLine
}

/**
 * A whole head. Write it as latin1.
 * @param lines field lines, none of them about framing or the connection
 * @param length stated with `length`, and with `none` unless it is -1; never with 1xx and 204 (RFC 9110 §8.6)
 * @param connection what Connection has to say, '' nothing
 */
export function responseText(
  status: number,
  reason: string,
  lines: string,
  framing: Framing,
  length: number,
  connection: '' | 'close' | 'keep-alive',
): string {
  let own = ''
  if (framing === 'chunked') own = 'Transfer-Encoding: chunked\r\n'
  else if (framing !== 'close' && length >= 0 && status >= 200 && status !== 204) own = `Content-Length: ${length}\r\n`
  if (connection !== '') own += `Connection: ${connection}\r\n`
  return `${statusLine(status, reason)}${lines}${own}\r\n`
}

/** A whole interim response (RFC 9110 §15.2). */
export function interimText(status: number, reason: string, lines: string): string {
  return `${statusLine(status, reason)}${lines}\r\n`
}

/** A head after which the connection is a tunnel. `protocol`: of a 101 (RFC 9110 §7.8); null for CONNECT. */
export function tunnelText(status: number, reason: string, lines: string, protocol: string | null): string {
  const upgrade = protocol === null ? '' : `Connection: upgrade\r\nUpgrade: ${protocol}\r\n`
  return `${statusLine(status, reason)}${lines}${upgrade}\r\n`
}
