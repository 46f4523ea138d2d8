import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { TcpTransport } from './tcp-transport.ts'

test('a stream that is reset while its FIN is on its way is closed for good', async () => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stream = TcpTransport.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  await once(stream.socket, 'connect')
  stream.end()
  stream.reset()
  // Without this the process would never end either: Node cannot close a handle whose reset has failed.
  await once(stream.socket, 'close', { signal: AbortSignal.timeout(2000) })
  assert.equal(stream.open, false)
  server.close()
})

test('what was said in this turn can be taken back until it has left, and what was said before it stays', async () => {
  await using server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stream = TcpTransport.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [[peer]] = await Promise.all([once(server, 'connection'), once(stream.socket, 'connect')])
  let got = ''
  peer.setEncoding('latin1').on('data', (text: string) => (got += text))
  stream.write('first,')
  const second = stream.position
  stream.write('wrong')
  assert.equal(stream.takeBack(second), true)
  assert.equal(stream.position, second)
  stream.write('second,')
  stream.flush()
  assert.equal(stream.takeBack(second), false)
  const third = stream.position
  stream.write('gone,')
  stream.flush()
  stream.write('more')
  assert.equal(stream.takeBack(third), false, 'a part of it has left')
  let released = false
  stream.writeBorrowed('|', Buffer.from('lent,'), { [Symbol.dispose]: () => (released = true) })
  const fourth = stream.position
  assert.equal(stream.takeBack(fourth - 1), false, 'a lent piece is not taken back')
  stream.write('wrong')
  assert.equal(released, true)
  assert.equal(stream.takeBack(fourth), true)
  stream.write('end')
  stream.end()
  await once(peer, 'end')
  assert.equal(got, 'first,second,gone,more|lent,end')
  stream.destroy()
})
