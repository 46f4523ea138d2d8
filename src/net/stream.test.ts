import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Stream } from './stream.ts'

test('a stream that is reset while its FIN is on its way is closed for good', async () => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stream = Stream.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  await once(stream.socket, 'connect')
  stream.end()
  stream.reset()
  // Without this the process would never end either: Node cannot close a handle whose reset has failed.
  await once(stream.socket, 'close', { signal: AbortSignal.timeout(2000) })
  assert.equal(stream.open, false)
  server.close()
})
