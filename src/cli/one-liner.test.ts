import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNLIMITED } from '../config/model.ts'
import { settingName } from '../config/options.ts'
import { fromOptions, optionsWithoutFile } from './one-liner.ts'

test('the servers get the limit each, and one line before them', () => {
  const { config } = fromOptions({
    to: ['http://10.0.0.1:3000', '10.0.0.2:3000'],
    listen: '127.0.0.1:8080',
    maxConnections: 50,
    queue: 20,
    queueTimeout: '500ms',
    threads: 2,
    accessLog: 'stdout',
  })
  assert.ok(config)
  assert.equal(config.threads, 2)
  assert.equal(config.accessLog?.to, 'stdout')
  assert.deepEqual(config.listeners[0]?.bind, [{ host: '127.0.0.1', port: 8080 }])
  assert.deepEqual(
    config.pools[0]?.servers.map(({ name, maxConnections }) => [name, maxConnections]),
    [
      ['10.0.0.1:3000', 50],
      ['10.0.0.2:3000', 50],
    ],
  )
  assert.deepEqual(config.pools[0]?.queue, { max: 20, timeout: 500 })
})

test('with nothing but a server there is no limit and no line, and only failures are logged', () => {
  const { config } = fromOptions({ to: ['127.0.0.1:3000'] })
  assert.equal(config?.pools[0]?.servers[0]?.maxConnections, UNLIMITED)
  assert.equal(config?.pools[0]?.queue.max, 0)
  assert.equal(config?.accessLog?.requests, 'failures')
  assert.deepEqual(config?.listeners[0]?.bind, [{ host: '', port: 8080 }])
})

test('what is wrong is told by the name of the option', () => {
  const path = (options: Parameters<typeof fromOptions>[0]): string | undefined =>
    fromOptions(options).notices.find(({ severity }) => severity === 'error')?.path
  assert.equal(path({ to: ['ftp://10.0.0.1'] }), '--to')
  assert.equal(path({ to: ['10.0.0.1'], listen: 'here' }), '--listen')
  assert.equal(path({ to: ['10.0.0.1'], maxConnections: 0 }), '--max-connections')
  assert.equal(path({ to: ['10.0.0.1'], queue: 5, queueTimeout: 'soon' }), '--queue-timeout')
})

test('options that cannot stand beside a file are known by name', () => {
  assert.deepEqual(optionsWithoutFile({ listen: ':80', threads: 2 }), ['--listen'])
  assert.deepEqual(optionsWithoutFile({ threads: 2, accessLog: 'stdout' }), [])
})

test('settings of the command line are named by their options', () => {
  const { config } = fromOptions({ to: ['a', 'b'], maxConnections: 5 })
  const named = (path: string): string => settingName(config!, path)
  assert.equal(named('pools.app.servers[1].maxConnections'), '--max-connections')
  assert.equal(named('pools.app.servers[*].maxConnections'), '--max-connections')
  assert.equal(named('pools.app.servers[0].address'), '--to')
  assert.equal(named('pools.app.queue.max'), '--queue')
  assert.equal(named('pools.app.queue.timeout'), '--queue-timeout')
  assert.equal(named('pools.app.timeouts.connect'), 'pools.app.timeouts.connect', 'there is no option for it')
})
