import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/index.ts'
import { everybody } from './all.ts'
import { caddy } from './caddy.ts'
import type { Job } from './peer.ts'

/** What a peer writes for a job, with and without a cache. */
function written(name: string, cached: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-test-'))
  try {
    everybody.find((peer) => peer.name === name)!.commands(jobIn(folder, cached))
    return readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function jobIn(folder: string, cached: boolean): Job {
  return {
    port: 8080,
    folder,
    threads: 1,
    servers: ['127.0.0.1:9000'],
    serverConnections: 100,
    queue: null,
    clients: 10,
    routes: 0,
    log: null,
    upgrade: false,
    cache: cached ? { size: 77, objects: 1000, folder: '/tmp' } : null,
  }
}

test('a cache is written down by all who have one, and by nobody who is not to cache', () => {
  const marks = { headgate: '77MiB', haproxy: 'total-max-size 77', nginx: 'max_size=77m', varnish: 'return (hash)' }
  for (const [name, mark] of Object.entries(marks)) {
    assert.ok(written(name, true).includes(mark), name)
    assert.doesNotMatch(written(name, false), /cache|return \(hash\)/, name)
  }
})

test('who has no cache says so', () => {
  assert.equal(caddy.cannot(jobIn('/tmp', true)), 'has no cache of its own')
})

test('what Headgate is given is a configuration of Headgate', async () => {
  const { config, notices } = await loadConfig({ text: written('headgate', true), name: 'headgate.json' })
  assert.ok(config !== null, JSON.stringify(notices))
  assert.equal(config.cache.size, 77 * 1_048_576)
  assert.ok(config.routes[0]!.cache !== null)
})
