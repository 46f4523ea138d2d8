/** Holds connections that have had one request and now wait for the next that does not come. */
import { connect, type Socket } from 'node:net'
import { serve } from '../helper.ts'

/** How many connections there shall be. */
export interface IdleOrder {
  readonly port: number
  readonly connections: number
}

export interface IdleReport {
  /** How many are open and were answered. */
  readonly open: number
}

/** Opened at once: few enough for every backlog. */
const AT_ONCE = 50

const open = new Set<Socket>()

/** Opens what is missing, resolves when each has its answer. Those that fail are not tried again. */
async function grow({ port, connections }: IdleOrder): Promise<IdleReport> {
  let missing = connections - open.size
  const opener = async (): Promise<void> => {
    while (missing-- > 0) await add(port)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, opener))
  return { open: open.size }
}

function add(port: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('connect', () => socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
  socket.on('data', () => {
    // The answers are 120 bytes: they come whole.
    open.add(socket)
    resolve()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    open.delete(socket)
    resolve()
  })
  return promise
}

serve(grow)
