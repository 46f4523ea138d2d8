import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../style.ts'
import type { Of } from './look.ts'
import { endedLines, serverLines } from './server-view.ts'

type Pool = Of<'statusAnswer'>['pools'][number]
type Server = Pool['servers'][number]

const statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }

function server(name: string, more: Partial<Server> = {}): Server {
  const now = { name, inUse: 0, limit: 5, limitBy: 'configured', adminState: 'ready', health: 'unchecked' } as const
  return { ...now, requests: 0, statuses, failures: {}, retried: 0, causes: {}, ...more }
}

function pool(servers: Server[], causes: Record<string, number> = {}): Pool {
  const by = { limitBy: 'configured', boundBy: 'configured' } as const
  const gate = { name: 'shop', inUse: 0, limit: 10, waiting: 0, bound: 5, refused: 0, ...by } as const
  const occupancy = { streams: 0, kept: 0, answers: 0, waiting: 0, oldest: [] }
  const streams = { inUse: 0, limit: 1, limitBy: 'configured' } as const
  return { ...gate, queued: 0, requests: 0, streams, occupancy, servers, causes }
}

function status(pools: Pool[], causes: Record<string, number>): Of<'statusAnswer'> {
  return { name: 'x', version: '1', uptime: 1, threads: 1, requests: 9, listeners: [], routes: [], pools, causes }
}

const wide = { width: Number.POSITIVE_INFINITY, paint: plain }
const failing = server('b:80', {
  requests: 1234,
  statuses: { ...statuses, '2xx': 1200, '5xx': 20 },
  failures: { response_cut: 2, connect_refused: 12 },
  retried: 12,
})

test('shows of each server that was asked what it answered and how requests to it failed', () => {
  const good = server('a:80', { requests: 7, statuses: { ...statuses, '2xx': 7 } })
  assert.deepEqual(serverLines([pool([good, failing, server('c:80')])], wide), [
    '',
    '                     requests  2xx    5xx  failed',
    'server a:80 of shop  7         7',
    'server b:80 of shop  1,234     1,200  20   14 (12 connect_refused, 2 response_cut), 12 tried elsewhere',
  ])
  assert.deepEqual(serverLines([pool([server('c:80')])], wide), [])
})

test('where there is no room for columns they stand below each other', () => {
  assert.deepEqual(serverLines([pool([failing])], { width: 60, paint: plain }), [
    '',
    'server b:80 of shop',
    '  requests  1,234',
    '  2xx       1,200',
    '  5xx       20',
    '  failed    14 (12 connect_refused, 2 response_cut), 12 tried elsewhere',
  ])
})

test('shows what has ended exchanges by pool and server, the most frequent first', () => {
  const a = server('a:80', { causes: { response_cut: 3 } })
  const b = server('b:80', { causes: { response_cut: 4, client_gone: 1 } })
  const shop = pool([a, b], { response_cut: 7, client_gone: 2, queue_full: 40 })
  const all = { response_cut: 7, client_gone: 5, queue_full: 40 }
  assert.deepEqual(endedLines(status([shop], all), wide), [
    '',
    'ended by      times  pool  server',
    'queue_full    40     shop',
    'response_cut  4      shop  b:80',
    'response_cut  3      shop  a:80',
    'client_gone   3',
    'client_gone   1      shop  b:80',
    'client_gone   1      shop',
  ])
  assert.deepEqual(endedLines(status([shop], {}), wide), [])
})
