/** Where the rules about contradictions draw their lines; what they say is in rules.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Machine } from './machine.ts'
import { readNative } from './native.ts'
import { Places } from './places.ts'

/** The rules that speak about a configuration that is right in form. */
function said(written: Record<string, unknown>, machine: Machine = {}): string[] {
  const { config, notices } = readNative(written, new Places(''), machine)
  assert.ok(config, JSON.stringify(notices))
  return notices.map(({ rule }) => rule)
}

const listening = (more: object = {}) => ({ listeners: { web: { bind: ':8080', ...more } } })
const held = (max: number, queue = 0) => ({
  pools: { app: { servers: [{ address: 'a', maxConnections: max }], queue: { max: queue } } },
})

const waiting = { whenFull: { max: 10, timeout: '1s' } }

test('where clients wait at the listener, what it lets in has to fit behind it', () => {
  assert.deepEqual(said({ ...listening({ maxConnections: 120, ...waiting }), ...held(100, 20) }), [])
  assert.deepEqual(said({ ...listening({ maxConnections: 121, ...waiting }), ...held(100, 20) }), [
    'listener-exceeds-pools',
  ])
})

test('room for idle clients, a limit that nobody wrote, and a pool without one are no contradiction', () => {
  assert.deepEqual(said({ ...listening({ maxConnections: 5000 }), ...held(100, 20) }), [])
  assert.deepEqual(said({ ...listening(), ...held(100, 20) }), [])
  assert.deepEqual(said({ ...listening({ maxConnections: 5000, ...waiting }), pools: { app: { servers: ['a'] } } }), [])
})

test('what stands behind a listener is what its routes lead to, queues of routes included', () => {
  const written = (max: number) => ({
    listeners: { web: { bind: ':80', maxConnections: max, ...waiting }, other: { bind: ':81', maxConnections: 10 } },
    pools: { a: { servers: [{ address: 'a', maxConnections: 10 }], queue: { max: 1 } }, b: { servers: ['b'] } },
    routes: [
      { to: 'a', listeners: 'web', maxConnections: 5, queue: { max: 3 } },
      { to: 'b', listeners: 'other' },
    ],
  })
  assert.deepEqual(said(written(14)), [])
  assert.deepEqual(said(written(15)), ['listener-exceeds-pools'])
})

test('backup servers add nothing to what a pool holds while the others are well', () => {
  const servers = [
    { address: 'a', maxConnections: 100 },
    { address: 'b', maxConnections: 100, backup: true },
  ]
  const written = { ...listening({ maxConnections: 200, ...waiting }), pools: { app: { servers, queue: { max: 1 } } } }
  assert.deepEqual(said(written), ['listener-exceeds-pools'])
})

test('three lines are silent where a process may open 4096 files, and are not where it may open 1024', () => {
  const written = { ...listening(), pools: { app: { servers: ['a'] } }, threads: 8 }
  assert.deepEqual(said(written, { openFiles: 4096 }), [])
  assert.deepEqual(said(written, { openFiles: 1024 }), ['fd-limit'])
})

test('the descriptors that are needed are counted to the last one', () => {
  const written = {
    ...listening({ maxConnections: 1000, whenFull: { max: 50, timeout: '1s' } }),
    pools: {
      app: {
        servers: [
          { address: 'a', maxConnections: 300 },
          { address: 'b', maxConnections: 300 },
        ],
        maxConnections: 500,
        queue: { max: 600 },
      },
    },
    threads: 4,
  }
  // 1050 for clients, 500 for the pool and a tenth for idle ones of other threads, 100 + 4 × 20 of its own.
  assert.deepEqual(said(written, { openFiles: 1780 }), [])
  assert.deepEqual(said(written, { openFiles: 1779 }), ['fd-limit'])
  // Only streams that somebody planned for count.
  const pool = { ...written.pools.app, streams: { max: 100 } }
  assert.deepEqual(said({ ...written, pools: { app: pool } }, { openFiles: 1889 }), ['fd-limit'])
  assert.deepEqual(said({ ...written, pools: { app: pool } }, { openFiles: 1890 }), [])
})

test('without a bound on clients nothing can be said of descriptors', () => {
  assert.deepEqual(said({ ...listening({ maxConnections: 'unlimited' }), ...held(5, 1) }, { openFiles: 10 }), [])
})

test('a wait that ends with timeouts.total is told, however short', () => {
  const pool = (timeout: string, total: string | 0) => ({
    pools: { app: { servers: [{ address: 'a', maxConnections: 5 }], queue: { max: 5, timeout }, timeouts: { total } } },
  })
  assert.deepEqual(said({ ...listening(), ...pool('3s', '3s') }), ['queue-timeout-beyond-patience'])
  assert.deepEqual(said({ ...listening(), ...pool('2s', '3s') }), [])
  assert.deepEqual(said({ ...listening(), ...pool('10s', 0) }), [])
  assert.deepEqual(said({ ...listening(), ...pool('10001ms', 0) }), ['queue-timeout-beyond-patience'])
})

test('lines of listeners and routes are held to the same patience', () => {
  assert.deepEqual(
    said({ ...listening({ whenFull: { max: 5, timeout: '1m' } }), pools: { app: { servers: ['a'] } } }),
    ['queue-timeout-beyond-patience'],
  )
  const routes = [{ to: 'app', maxConnections: 5, queue: { max: 5, timeout: '1m' } }]
  assert.deepEqual(said({ ...listening(), pools: { app: { servers: ['a'] } }, routes }), [
    'queue-timeout-beyond-patience',
  ])
})

test('0 means never, and never is not below anything', () => {
  const pool = (timeouts: object, more: object = {}) => ({
    ...listening(),
    pools: { app: { servers: ['a'], timeouts, ...more } },
  })
  assert.deepEqual(said(pool({ firstByte: 0 }, { health: { http: '/ok' } })), [])
  assert.deepEqual(said(pool({ firstByte: 0, total: '5s' })), ['total-below-first-byte'])
  assert.deepEqual(said(pool({ total: '5s' })), [])
  assert.deepEqual(said(pool({ connect: 0 })), ['connect-timeout-long'])
})

test('a route is only hidden where an earlier one takes the same host and path on the same listeners', () => {
  const written = (routes: object[]) => ({
    listeners: { web: { bind: ':80' }, side: { bind: ':81' } },
    pools: { app: { servers: ['a'] } },
    routes,
  })
  const to = 'app'
  assert.deepEqual(said(written([{ to }, { to, host: 'a.example' }, { to, path: '/x' }])), [])
  assert.deepEqual(
    said(
      written([
        { to, host: 'a.example', listeners: 'web' },
        { to, host: 'a.example', path: '/' },
      ]),
    ),
    [],
  )
  assert.deepEqual(
    said(
      written([
        { to, host: 'a.example' },
        { to, host: 'a.example', listeners: 'web' },
      ]),
    ),
    ['unreachable-route'],
  )
  assert.deepEqual(
    said(
      written([
        { to, host: ['a.example', 'b.example'] },
        { to, host: ['b.example', 'c.example'] },
      ]),
    ),
    ['unreachable-route'],
  )
})

test('retries are only held against servers when somebody wrote them', () => {
  const pool = (more: object) => ({ ...listening(), pools: { app: { servers: ['a'], ...more } } })
  assert.deepEqual(said(pool({})), [])
  assert.deepEqual(said(pool({ retries: 0 })), [])
  assert.deepEqual(said(pool({ retries: 1 })), ['retries-exceed-servers'])
})

test('ports are only privileged for those who may not have them', () => {
  const written = { listeners: { web: { bind: [':80', 'unix:/run/x', ':0'] } }, pools: { app: { servers: ['a'] } } }
  assert.deepEqual(said(written), [])
  assert.deepEqual(said(written, { firstFreePort: 1024 }), ['privileged-port'])
  assert.deepEqual(said(written, { firstFreePort: 80 }), [])
})
