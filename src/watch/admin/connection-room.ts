/**
 * Which connections to the admin API may stay. Connections that say nothing must not keep an operator out: where there is no
 * room for a new one, the one that has been idle longest goes, be it between two requests or in the middle of a head.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Keeps the connections of a server to `most`. A new one is closed only where all others are being answered. */
export function keepRoom(server: Server, most: number): void {
  const open = new Set<Socket>()
  /** Those without a request being answered; the one idle longest comes first. */
  const idle = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    if (open.size >= most) {
      const [longest] = idle
      if (longest === undefined) {
        socket.destroy()
        return
      }
      open.delete(longest)
      idle.delete(longest)
      longest.destroy()
    }
    open.add(socket)
    idle.add(socket)
    socket.on('close', () => {
      open.delete(socket)
      idle.delete(socket)
    })
  })
  server.on('request', ({ socket }, response: ServerResponse) => {
    idle.delete(socket)
    response.on('close', () => {
      if (open.has(socket)) idle.add(socket)
    })
  })
}
