import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFrom } from '../config/native.ts'
import type { WrittenConfig } from '../config/written.ts'
import { greeting } from './greeting.ts'
import { plain } from './style.ts'

function lines(more: Partial<WrittenConfig>): string[] {
  const config = configFrom({
    threads: 2,
    listeners: { web: { bind: ':8080', maxConnections: 100 } },
    pools: { app: { servers: [{ address: '127.0.0.1:3000', maxConnections: 50 }], queue: { max: 20, timeout: '2s' } } },
    ...more,
  })
  return greeting(config, { web: ['0.0.0.0:8080'] }, 'with a file', plain)
}

test('the greeting says where it listens, what stands behind it and which limits hold', () => {
  assert.deepEqual(lines({}), [
    'headgate runs with a file, on 2 threads',
    '  listener web: 0.0.0.0:8080, at most 100 connections, more are refused',
    '  pool app: 1 server (127.0.0.1:3000 max 50), queue of 20, 2s at most',
  ])
})

test('the greeting names the store where a route caches, and only there', () => {
  const routes: WrittenConfig['routes'] = [
    { to: 'app', cache: true },
    { to: 'app', path: '/api' },
  ]
  assert.equal(lines({ routes, cache: { size: '1GiB' } }).at(-1), '  cache: 1GiB for 1 route')
  assert.match(lines({ routes: [{ to: 'app', cache: false }] }).at(-1) ?? '', /^ {2}pool app/)
})
