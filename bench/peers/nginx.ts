import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxFrame, openFiles } from '../nginx-frame.ts'
import { type CacheRoom, ENDLESS, type Job, KEEP, type Peer, prefixes, programOf, versionOf } from './peer.ts'

/** Keys that it has room for in one MB of shared memory. */
const KEYS_PER_MB = 8000

export const nginx = nginxWith('nginx', '')

/** With larger buffers than its eight of 4 KB it needs far fewer system calls for a large body. Both are worth knowing. */
export const nginxLarge: Peer = {
  ...nginxWith('nginx 64k', '  proxy_buffers 8 64k;\n  proxy_busy_buffers_size 128k;'),
  only: /^body-/,
}

function nginxWith(name: string, settings: string): Peer {
  return {
    name,
    package: 'nginx-light',
    version: () => versionOf('nginx', ['-v'], /nginx\/([\d.]+)/),
    cannot: () => null,
    commands(job) {
      const file = join(job.folder, 'nginx.conf')
      writeFileSync(file, nginxFrame(job.folder, job.threads, `${settings}\n${httpOf(job)}`))
      return [{ file: programOf('nginx') ?? 'nginx', args: ['-p', job.folder, '-c', file, '-e', 'stderr'] }]
    },
  }
}

function httpOf(job: Job): string {
  const locations = job.routes === 0 ? ['/'] : prefixes(job)
  // The zone makes max_conns count over all workers. What may wait is not in the free version.
  return `
  access_log ${job.log === null ? 'off' : `${job.log} combined buffer=64k flush=1s`};
  keepalive_timeout 300s;
  keepalive_requests ${ENDLESS};
  client_max_body_size 0;
  upstream shop {
    zone shop 4m;
${job.servers.map((server) => `    server ${server} max_conns=${job.serverConnections} max_fails=0;`).join('\n')}
    keepalive ${KEEP};
    keepalive_requests ${ENDLESS};
  }
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  ${
    job.upgrade
      ? 'proxy_set_header Upgrade $http_upgrade;\n  proxy_set_header Connection upgrade;'
      : 'proxy_set_header Connection "";'
  }
  # Bodies go through as they come; without this they go over the disk.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  ${job.cache === null ? '' : cacheOf(job.cache)}
  server {
    listen 127.0.0.1:${job.port} backlog=4096;
${locations.map((path) => `    location ${path} { proxy_pass http://shop; }`).join('\n')}
  }`
}

/** A file for each object; those of the objects asked for most stay open, as many as a worker may have. */
function cacheOf({ size, objects, folder }: CacheRoom): string {
  const megabytes = Math.ceil((objects * 1.3) / KEYS_PER_MB) + 1
  return `sendfile on;
  open_file_cache max=${Math.min(objects, openFiles() >> 1)};
  proxy_cache_path ${folder} levels=1:2 keys_zone=store:${megabytes}m max_size=${size}m inactive=2h use_temp_path=off;
  proxy_cache store;`
}
