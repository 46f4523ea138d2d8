/** Which servers are this Headgate itself, and which only look so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNative } from './native.ts'
import { Places } from './places.ts'

const machine = { addresses: ['192.168.1.5', 'fe80::5'] }

/** Paths of the servers that lead back. */
function circles(written: object): string[] {
  const { notices } = readNative(written, new Places(''), machine)
  return notices.filter(({ severity }) => severity === 'error').map(({ rule, path }) => `${rule} ${path}`)
}

const one = (bind: string, address: string) => ({
  listeners: { web: { bind } },
  pools: { app: { servers: [address] } },
})

test('a server that is reached where the listener listens is told, under whatever name', () => {
  const same = [
    [':8080', '127.0.0.1:8080'],
    [':8080', '127.0.0.2:8080'],
    [':8080', 'localhost:8080'],
    [':8080', '[::1]:8080'],
    [':8080', '192.168.1.5:8080'],
    [':8080', '[fe80::5]:8080'],
    ['0.0.0.0:8080', '127.0.0.1:8080'],
    ['127.0.0.1:8080', 'localhost:8080'],
    ['10.0.0.7:80', 'http://10.0.0.7'],
    ['unix:/run/headgate.sock', 'unix:/run/headgate.sock'],
  ]
  for (const [bind = '', address = ''] of same)
    assert.deepEqual(circles(one(bind, address)), ['points-at-itself pools.app.servers[0]'], `${bind} ${address}`)
})

test('another port, address, family or socket is another program', () => {
  const other = [
    [':8080', '127.0.0.1:8081'],
    [':8080', '10.0.0.9:8080'],
    ['127.0.0.1:8080', '127.0.0.2:8080'],
    ['127.0.0.1:8080', '[::1]:8080'],
    ['127.0.0.1:8080', '192.168.1.5:8080'],
    ['0.0.0.0:8080', '[::1]:8080'],
    [':0', '127.0.0.1:80'],
    ['unix:/run/headgate.sock', 'unix:/run/app.sock'],
  ]
  for (const [bind = '', address = ''] of other) assert.deepEqual(circles(one(bind, address)), [], `${bind} ${address}`)
})

test('a listener may stand behind another one, as long as nothing comes back', () => {
  const chain = {
    listeners: { front: { bind: ':80' }, back: { bind: '127.0.0.1:81' } },
    pools: { back: { servers: ['127.0.0.1:81'] }, app: { servers: ['127.0.0.1:3000'] } },
    routes: [
      { to: 'back', listeners: 'front' },
      { to: 'app', listeners: 'back' },
    ],
  }
  assert.deepEqual(circles(chain), [])
  const back = { ...chain.pools, app: { servers: ['127.0.0.1:80'] } }
  assert.deepEqual(circles({ ...chain, pools: back }), [
    'points-at-itself pools.back.servers[0]',
    'points-at-itself pools.app.servers[0]',
  ])
})

test('what goes by host or path is a circle only where the same route takes it again', () => {
  const written = (routes: object[]) => ({
    listeners: { web: { bind: ':80' }, side: { bind: ':81' } },
    pools: { self: { servers: ['127.0.0.1:81'] }, app: { servers: ['127.0.0.1:3000'] } },
    routes,
  })
  // On the side listener everything below /api has a route of its own.
  const apart = [
    { to: 'self', path: '/api', listeners: 'web' },
    { to: 'app', path: '/api/v1', listeners: 'side' },
    { to: 'app', listeners: 'side' },
  ]
  assert.deepEqual(circles(written(apart)), [])
  const hosts = [{ to: 'self', host: '*.example.com' }, { to: 'app' }]
  assert.deepEqual(circles(written(hosts)), ['points-at-itself pools.self.servers[0]'])
  assert.deepEqual(circles(written([...hosts, { to: 'app', host: '*.example.com', listeners: 'side' }])).length, 1)
})

test('an admin API that asks for no token is nobody’s server', () => {
  const written = { ...one(':80', '127.0.0.1:9191'), admin: true as boolean | object }
  assert.deepEqual(circles(written), ['points-at-itself pools.app.servers[0]'])
  assert.deepEqual(circles({ ...written, admin: { token: 'c2l4dGVlbiBvciBtb3Jl' } }), [])
  assert.deepEqual(circles(one(':80', '127.0.0.1:9191')), [])
})
