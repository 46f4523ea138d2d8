import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../style.ts'
import { incidentLines } from './incident-view.ts'
import type { Of } from './look.ts'

type Incident = Of<'incidentAnswer'>

const timeout: Incident = {
  time: '2026-12-01T04:09:27.803Z',
  thread: 1,
  listener: 'web',
  route: 'shop',
  pool: 'app',
  server: 'a:80',
  client: '10.0.0.7',
  port: 5000,
  method: 'GET',
  target: '/cart',
  version: '1.1',
  host: 'shop.test',
  userAgent: 'test',
  referer: '',
  status: 504,
  end: 'TH',
  cause: 'first_byte_timeout',
  incident: '1SKGQQVF2WAFTM',
  headerMs: 0.25,
  queueMs: 0,
  connectMs: 1.26,
  firstByteMs: null,
  totalMs: 60_003.2,
  bytesIn: 80,
  bytesOut: 400,
  cache: null,
  cacheDetail: null,
  retries: 1,
  redispatched: true,
  reused: false,
  listenerInUse: 3,
  poolInUse: 1200,
  serverInUse: 1,
  queueLength: 0,
  sentence: 'The site did not answer in time.',
  diagnosis: {
    gate: 'server a:80',
    limit: 60_000,
    observed: 60_001,
    limitBy: 'configured',
    setting: 'pools.app.timeouts.firstByte',
    place: 'headgate.yaml:7',
    advice: 'The server took longer than timeouts.firstByte.',
    detail: null,
  },
}

test('tells of an incident in the words of the log; what there is not is left out', () => {
  assert.deepEqual(incidentLines(timeout, { width: Number.POSITIVE_INFINITY, paint: plain }), [
    '1SKGQQVF2WAFTM  first_byte_timeout, status 504',
    '',
    'The server took longer than timeouts.firstByte.',
    '',
    '  request   GET /cart HTTP/1.1 for shop.test',
    '  client    10.0.0.7 port 5000',
    '  when      2026-12-01T04:09:27.803Z, thread 1',
    '  came to   listener web, route shop, pool app, server a:80',
    '  gate      server a:80',
    '  limit     1m, observed 1m0.001s',
    '  setting   pools.app.timeouts.firstByte at headgate.yaml:7',
    '  times     head 0.3 ms, waiting 0 ms, connect 1.3 ms, total 1m0.003s',
    '  in use    listener 3, pool 1,200, server 1',
    '  retries   1, the last at another server',
    '  end code  TH',
    '',
    'The error page said: The site did not answer in time.',
  ])
})

test('in a narrow terminal lines are broken at spaces, and no text of a visitor controls the terminal', () => {
  const lines = incidentLines({ ...timeout, target: '/\x1b[2Jx' }, { width: 40, paint: plain })
  assert.ok(
    lines.slice(1).every((line) => line.length <= 40),
    lines.join('\n'),
  )
  assert.ok(lines.includes('  request   GET /\\x1b[2Jx HTTP/1.1 for'))
  assert.ok(lines.includes('            shop.test'))
})
