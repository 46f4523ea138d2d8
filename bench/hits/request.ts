/** The request for a path with a number behind it. */

export function requestOf(port: number, path: string, number: number): Buffer {
  return Buffer.from(`GET ${path}${number} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'latin1')
}
