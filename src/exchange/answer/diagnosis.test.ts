import assert from 'node:assert/strict'
import { test } from 'node:test'
import { causeNames, rowOf } from '../../base/cause.ts'
import { type Config, type Place, UNLIMITED } from '../../config/model.ts'
import { Diagnoses, type RequestPath } from './diagnosis.ts'

const place = (line: number): Place => ({ file: 'headgate.yaml', line, column: 3 })
const server = (name: string) => ({
  name,
  maxConnections: 500,
  weight: 1,
  backup: false,
  address: { host: name, port: 80 },
})
const pool = (name: string, change: object = {}) => ({
  name,
  servers: [server('a:80'), server('b:80')],
  balance: { policy: 'round-robin' },
  sticky: null,
  maxConnections: UNLIMITED,
  queue: { max: 200, timeout: 2000 },
  streams: { max: 100, after: 0 },
  timeouts: { connect: 1000, firstByte: 60_000, betweenBytes: 30_000, tunnelIdle: 0, tunnelFin: 0, total: 0 },
  limits: { line: 8192, head: 65_536, fields: 100 },
  ...change,
})

const config = {
  listeners: [
    {
      name: 'web',
      maxConnections: 1000,
      whenFull: { max: 50, timeout: 5000 },
      timeouts: { header: 10_000, body: 20_000, send: 30_000, keepAlive: 60_000 },
      limits: { line: 8192, head: 65_536, fields: 100, body: 1_000_000 },
    },
  ],
  pools: [
    pool('shop'),
    pool('api', { maxConnections: 300, servers: [server('c:80')] }),
    pool('one', { servers: [server('d:80')] }),
  ],
  routes: [
    { name: 'routes[0]', maxConnections: UNLIMITED, queue: { max: 0, timeout: 0 } },
    { name: '/shop', maxConnections: 40, queue: { max: 5, timeout: 100 } },
  ],
  places: {
    'pools.shop.queue.max': place(12),
    'pools.shop.servers[0].maxConnections': place(8),
    'pools.shop.servers[1]': place(9),
    'listeners.web.maxConnections': { file: 'command line', line: 0, column: 0 },
    'routes[1].queue.timeout': place(30),
    drain: place(2),
  },
} as unknown as Config

const diagnoses = new Diagnoses(config)
const at: RequestPath = { listener: 'web', route: '/shop', pool: 'shop', server: 'b:80' }

test('a full line names its gate, limit, observed value, setting, file and line, and what to do', () => {
  assert.deepEqual(diagnoses.of('queue_full', at, 250, 250, null), {
    cause: 'queue_full',
    gate: 'pool shop',
    limit: 250,
    observed: 250,
    limitBy: 'configured',
    setting: 'pools.shop.queue.max',
    place: 'headgate.yaml:12',
    advice: rowOf('queue_full').advice,
    detail: null,
  })
})

test('each gate’s line is named by its own setting', () => {
  const told = (gate: 'listener' | 'route' | 'pool') => {
    const { gate: name, setting, limit, place } = diagnoses.of('queue_timeout', at, null, 1, null, gate)
    return [name, setting, limit, place]
  }
  assert.deepEqual(told('pool'), ['pool shop', 'pools.shop.queue.timeout', 2000, null])
  assert.deepEqual(told('route'), ['route /shop', 'routes[1].queue.timeout', 100, 'headgate.yaml:30'])
  assert.deepEqual(told('listener'), ['listener web', 'listeners.web.whenFull.timeout', 5000, null])
})

test('a full pool points at its own limit, or at its servers’ where it has none', () => {
  const told = (pool: string) => {
    const { setting, place, limit } = diagnoses.of('pool_full', { ...at, pool }, null, 300, null)
    return [setting, place, limit]
  }
  assert.deepEqual(told('api'), ['pools.api.maxConnections', null, 300])
  assert.deepEqual(told('shop'), ['pools.shop.servers[*].maxConnections', 'headgate.yaml:8', null])
  assert.deepEqual(told('one'), ['pools.one.servers[0].maxConnections', null, null])
})

test('a timeout names the server and the pool’s setting', () => {
  const { gate, setting, limit, place } = diagnoses.of('first_byte_timeout', at, null, 60_003, null)
  assert.deepEqual([gate, setting, limit, place], ['server b:80', 'pools.shop.timeouts.firstByte', 60_000, null])
})

test('a server that cannot be reached is named with its address, also where that was written in short', () => {
  const { gate, setting, place, detail } = diagnoses.of('connect_refused', at, null, null, 'ECONNREFUSED')
  assert.deepEqual(
    [gate, setting, place, detail],
    ['server b:80', 'pools.shop.servers[1].address', 'headgate.yaml:9', 'ECONNREFUSED'],
  )
})

test('a setting from the command line has no place', () => {
  const { setting, place, limit } = diagnoses.of('listener_full', at, null, 1000, null)
  assert.deepEqual([setting, place, limit], ['listeners.web.maxConnections', null, 1000])
})

test('every cause has a diagnosis however far the exchange came', () => {
  const nowhere: RequestPath = { listener: 'web', route: null, pool: null, server: null }
  const gone: RequestPath = { listener: 'was', route: 'was', pool: 'was', server: 'was' }
  for (const cause of causeNames) {
    for (const where of [at, nowhere, gone, { ...at, server: null }]) {
      const diagnosis = diagnoses.of(cause, where, null, null, null)
      assert.equal(diagnosis.advice, rowOf(cause).advice)
      assert.match(diagnosis.gate, /^(listener|route|pool|server) .|^headgate$/)
      if (diagnosis.setting === null) assert.equal(diagnosis.place, null)
    }
  }
  assert.equal(diagnoses.of('no_route', nowhere, null, null, null).setting, 'routes')
  assert.equal(diagnoses.of('shutting_down', at, null, null, null).place, 'headgate.yaml:2')
})
