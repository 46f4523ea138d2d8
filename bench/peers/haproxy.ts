import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CacheRoom, type Job, type Peer, prefixes, programOf, versionOf } from './peer.ts'

/** Bytes of an object with its head: more than the largest that is cached. */
const LONGEST = 262_144

export const haproxy: Peer = {
  name: 'haproxy',
  package: 'haproxy',
  version: () => versionOf('haproxy', ['-v'], /version (\d+[.\d]*)/i),
  cannot: () => null,
  commands(job) {
    const file = join(job.folder, 'haproxy.cfg')
    writeFileSync(file, configurationOf(job))
    return [
      {
        file: programOf('haproxy') ?? 'haproxy',
        args: ['-db', '-f', file],
        ...(job.log !== null && { output: job.log }),
      },
    ]
  },
}

function configurationOf(job: Job): string {
  // It closes idle connections to servers when a quarter of the files that maxconn allows for are open: hence many. And
  // strict-limits would not let it start where a process may open fewer than those, though it will not need them.
  return `global
  nbthread ${job.threads}
  maxconn ${Math.max(job.clients + 100, 10_000)}
  no strict-limits
  ${job.log === null ? '' : 'log stdout format raw local0'}
defaults
  mode http
  ${job.log === null ? '' : 'log global\n  option httplog'}
  timeout connect 2s
  timeout client 5m
  timeout server 60s
  timeout http-keep-alive 5m
  timeout tunnel 1h
  timeout queue ${job.queue?.timeout ?? 1000}ms
  http-reuse always
${job.cache === null ? '' : cacheOf(job.cache)}
frontend web
  bind 127.0.0.1:${job.port}
  ${job.cache === null ? '' : 'http-request cache-use shop\n  http-response cache-store shop'}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  ${refusal(job)}
  ${choice(job)}
backend shop
  balance roundrobin
${job.servers.map((server, i) => `  server s${i} ${server} maxconn ${job.serverConnections}${maxqueue(job)}`).join('\n')}
`
}

/** By itself it stores no object that is longer than a 256th of the cache, and none for longer than a minute. */
function cacheOf({ size }: CacheRoom): string {
  return `cache shop
  total-max-size ${size}
  max-object-size ${LONGEST}
  max-age 3600`
}

function maxqueue({ queue }: Job): string {
  return queue === null ? '' : ` maxqueue ${queue.max}`
}

/** Beyond maxqueue requests line up at the backend, without bound; so its users bound that line by a rule. */
function refusal({ queue }: Job): string {
  return queue === null ? '' : `http-request deny deny_status 503 if { queue(shop) ge ${queue.max} }`
}

function choice(job: Job): string {
  if (job.routes === 0) return 'default_backend shop'
  const file = join(job.folder, 'routes.map')
  writeFileSync(file, `${prefixes(job).join(' shop\n')} shop\n`)
  return `use_backend %[path,map_beg(${file})]`
}
