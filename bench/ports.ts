/** Free ports of loopback, below the range from which the kernel takes the ports of outgoing connections. */
import { createServer } from 'node:net'

const FIRST = 10_000
const LAST = 32_000
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

/** A port that nobody listens on at the moment; never the same twice in a row. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Others may ask for one while we look at ours.
    const port = next
    next = next >= LAST ? FIRST : next + 1
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  return promise
}
