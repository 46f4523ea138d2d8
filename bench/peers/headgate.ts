import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Job, KEEP, type Peer, prefixes } from './peer.ts'

const root = new URL('../../', import.meta.url)

/** Headgate as it is in this folder, with the Node that runs the bench. */
export const headgate: Peer = {
  name: 'headgate',
  package: 'headgate',
  version: () => (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version,
  cannot: () => null,
  commands(job) {
    const file = join(job.folder, 'headgate.json')
    writeFileSync(file, JSON.stringify(configurationOf(job)))
    return [
      { file: process.execPath, args: [fileURLToPath(new URL('bin/headgate.js', root)), 'run', file], env: production },
    ]
  },
}

const production = { NODE_ENV: 'production' }

function configurationOf(job: Job): unknown {
  const route = { to: 'shop', ...(job.cache && { cache: {} }) }
  const routes = prefixes(job).map((path) => ({ path: path.slice(0, -1), ...route }))
  return {
    threads: job.threads,
    listeners: {
      web: {
        bind: `127.0.0.1:${job.port}`,
        maxConnections: job.clients + 100,
        timeouts: { keepAlive: '5m' },
      },
    },
    pools: {
      shop: {
        servers: job.servers.map((address) => ({ address, maxConnections: job.serverConnections })),
        idle: { max: KEEP },
        ...(job.queue && { queue: { max: job.queue.max, timeout: `${job.queue.timeout}ms` } }),
      },
    },
    routes: routes.length > 0 ? routes : [route],
    ...(job.cache && { cache: { size: `${job.cache.size}MiB` } }),
    accessLog: job.log === null ? false : { to: job.log, format: 'json' },
    drain: '1s',
  }
}
