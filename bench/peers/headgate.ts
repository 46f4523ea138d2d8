import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Job, KEEP, type Peer, prefixes } from './peer.ts'

const root = new URL('../../', import.meta.url)

/** Headgate as it is in this folder, with the Node that runs the bench. */
export const headgate: Peer = headgateIn(root, 'headgate')

/**
 * Headgate as it is in another checkout, so that two states of the code meet in the same rounds.
 * @param folder relative to the working directory
 * @throws RangeError when no Headgate is there
 */
export function otherHeadgate(folder: string): Peer {
  const url = pathToFileURL(resolve(folder) + sep)
  if (!existsSync(new URL('bin/headgate.js', url))) {
    throw new RangeError(`--against takes a checkout of Headgate; there is no bin/headgate.js in ${folder}`)
  }
  return headgateIn(url, 'other')
}

function headgateIn(root: URL, name: string): Peer {
  return {
    name,
    package: 'headgate',
    version: () => (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version,
    cannot: () => null,
    commands(job) {
      const file = join(job.folder, 'headgate.json')
      writeFileSync(file, JSON.stringify(configurationOf(job)))
      const program = fileURLToPath(new URL('bin/headgate.js', root))
      return [{ file: process.execPath, args: [program, 'run', file], env: production }]
    },
  }
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
