import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Job, KEEP, type Peer, prefixes, programOf, versionOf } from './peer.ts'

export const caddy: Peer = {
  name: 'caddy',
  package: 'caddy',
  version: () => versionOf('caddy', ['version'], /v?(\d+[.\d]*)/),
  cannot(job) {
    if (job.cache !== null) return 'has no cache of its own'
    return job.queue === null ? null : 'has no limit of requests at a server that it keeps exactly'
  },
  commands(job) {
    const file = join(job.folder, 'Caddyfile')
    writeFileSync(file, caddyfileOf(job))
    return [
      {
        file: programOf('caddy') ?? 'caddy',
        args: ['run', '--config', file, '--adapter', 'caddyfile'],
        env: { GOMAXPROCS: String(job.threads), XDG_CONFIG_HOME: job.folder, XDG_DATA_HOME: job.folder },
      },
    ]
  },
}

function caddyfileOf(job: Job): string {
  const proxy = `reverse_proxy ${job.servers.join(' ')} {
      lb_policy round_robin
      transport http {
        keepalive_idle_conns ${KEEP}
        keepalive_idle_conns_per_host ${KEEP}
      }
    }`
  const handlers = prefixes(job).map((path) => `  handle ${path}* {\n    ${proxy}\n  }`)
  return `{
  admin off
  auto_https off
  grace_period 1s
}
http://:${job.port} {
  bind 127.0.0.1
  ${job.log === null ? '' : `log {\n    output file ${job.log} {\n      roll_disabled\n    }\n  }`}
${handlers.length > 0 ? handlers.join('\n') : `  handle {\n    ${proxy}\n  }`}
}
`
}
