import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromFlags } from './flags.ts'
import { configFrom } from './native.ts'

test('one line makes a listener, a pool and a limit for every server', () => {
  const config = configFrom(fromFlags({ to: ['http://127.0.0.1:3000', 'b'], listen: ':9000', maxConnections: 50 }))
  assert.deepEqual(config.listeners[0]?.bind, [{ host: '', port: 9000 }])
  assert.deepEqual(
    config.pools[0]?.servers.map(({ name, maxConnections }) => [name, maxConnections]),
    [
      ['127.0.0.1:3000', 50],
      ['b:80', 50],
    ],
  )
  assert.deepEqual(config.pools[0]?.queue, { max: 200, timeout: 2000 })
  assert.equal(config.accessLog, null)
})

test('without a limit there is no line, and every option can be given', () => {
  assert.deepEqual(configFrom(fromFlags({ to: ['a'] })).pools[0]?.queue, { max: 0, timeout: 2000 })
  const options = { to: ['a'], maxConnections: 5, queue: 10, queueTimeout: '500ms', threads: 3, accessLog: 'stdout' }
  const config = configFrom(fromFlags({ ...options, listen: [':1', ':2'] }))
  assert.deepEqual(config.pools[0]?.queue, { max: 10, timeout: 500 })
  assert.equal(config.threads, 3)
  assert.equal(config.accessLog?.to, 'stdout')
  assert.equal(config.listeners[0]?.bind.length, 2)
})
