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
  assert.deepEqual([config.accessLog?.to, config.accessLog?.requests], ['stdout', 'failures'])
})

test('without a limit there is no line, and every option can be given', () => {
  assert.deepEqual(configFrom(fromFlags({ to: ['a'] })).pools[0]?.queue, { max: 0, timeout: 2000 })
  const options = { to: ['a'], maxConnections: 5, queue: 10, queueTimeout: '500ms', threads: 3, accessLog: 'stdout' }
  const config = configFrom(fromFlags({ ...options, listen: [':1', ':2'] }))
  assert.deepEqual(config.pools[0]?.queue, { max: 10, timeout: 500 })
  assert.equal(config.threads, 3)
  assert.deepEqual([config.accessLog?.to, config.accessLog?.requests], ['stdout', 'all'])
  assert.equal(config.listeners[0]?.bind.length, 2)
})

test('which requests are logged can be said, with and without a file; on a terminal failures are one line for people', () => {
  const log = (more: object) => configFrom(fromFlags({ to: ['a'], ...more })).accessLog
  assert.equal(log({ logRequests: 'none' }), null)
  assert.equal(log({ logRequests: 'none', accessLog: 'x.log' }), null)
  assert.equal(log({ logRequests: 'all' })?.requests, 'all')
  assert.equal(log({ logRequests: 'failures', accessLog: 'x.log', terminal: true })?.format, 'json')
  assert.equal(log({ terminal: false })?.format, 'json')
  assert.match(JSON.stringify(log({ terminal: true })?.format), /incident %\{incident\}: %\{advice\}/)
  assert.equal(log({ logRequests: 'all', terminal: true })?.format, 'json')
})
