/** How the admin API answers: JSON that is not to be kept, and problems for requests that could not be understood. */
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { shownNumbers } from '../../base/figures.ts'
import { PROBLEM_TYPE, type Problem } from './problem.ts'

/** How long to keep reading after the last reply, in ms, so that it is not lost to a RST. */
const LINGER = 1000

export function reply(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = textOf(body)
  response.writeHead(status, fieldsOf(text, type))
  response.end(text)
}

/** For a connection on which no request was understood, or none is any more: says so and closes. */
export function replyLast(socket: Duplex, problem: Problem): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const text = textOf(problem)
  const fields = { Date: new Date().toUTCString(), Connection: 'close', ...fieldsOf(text, PROBLEM_TYPE) }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${text}`)
  const timer = setTimeout(() => void socket.destroy(), LINGER).unref()
  socket.once('close', () => clearTimeout(timer))
}

function textOf(body: unknown): string {
  return `${JSON.stringify(shownNumbers(body))}\n`
}

function fieldsOf(text: string, type: string): Record<string, string | number> {
  return {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }
}
