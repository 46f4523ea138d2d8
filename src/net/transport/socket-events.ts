/** A socket's events, told to what stands on it. Shared functions, no closure per connection: `this` is the socket. */
import type { Socket } from 'node:net'

export interface SocketOwner {
  notify(event: 'connected' | 'ended' | 'drained' | 'closed'): void
  failed(error: NodeJS.ErrnoException): void
}

/** `of`: what stands on a socket. The answer subscribes a new socket, and one that is about to be connected. */
export function socketEvents(of: (socket: Socket) => SocketOwner) {
  function onConnect(this: Socket): void {
    of(this).notify('connected')
  }
  function onEnd(this: Socket): void {
    of(this).notify('ended')
  }
  function onDrain(this: Socket): void {
    of(this).notify('drained')
  }
  function onClose(this: Socket): void {
    of(this).notify('closed')
  }
  function onError(this: Socket, error: NodeJS.ErrnoException): void {
    of(this).failed(error)
  }
  return {
    subscribe: (socket: Socket): void =>
      void socket.on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose),
    awaitConnect: (socket: Socket): void => void socket.once('connect', onConnect),
  }
}
