/** The thread of a deaf server: listens, and then does nothing at all until it is woken. See deaf.ts. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nheard'))
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 })
await once(server, 'listening')
parentPort?.postMessage((server.address() as AddressInfo).port)
Atomics.wait(workerData as Int32Array, 0, 0)
