/** The server behind all proxies: nginx with one worker. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxFrame } from './nginx-frame.ts'
import { ENDLESS, programOf } from './peers/peer.ts'
import { freePort } from './ports.ts'
import { startServer } from './running.ts'
import type { Yard } from './yard.ts'

/** Sizes of the files it has, by path. */
const files = { '/10k': 10_240, '/100k': 102_400, '/1m': 1_048_576 } as const

/** Sizes of what may be cached for an hour: `/hit/120` and all below it, and so on. Those of 4 KB and more are files. */
const cacheable = { 120: 120, '1k': 1024, '10k': 10_240, '100k': 102_400 } as const
const FILE = 4096
/** Name of the log of their requests. */
const SERVED = 'served'

/** Seven fields beside the five that nginx gives itself: Server, Date, Content-Type, Content-Length, Connection. */
const fields = [
  `Cache-Control "private, max-age=0, must-revalidate"`,
  `ETag '"5f3a-61c0b1f2a4d80"'`,
  `Vary "Accept-Encoding, Cookie"`,
  `Set-Cookie "session=9f86d081884c7d659a2feaa0c55ad015; Path=/; HttpOnly; SameSite=Lax"`,
  `Strict-Transport-Security "max-age=31536000; includeSubDomains"`,
  `X-Content-Type-Options nosniff`,
  `Content-Security-Policy "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"`,
]

/** Addresses of loopback; the first is 127.0.0.1. */
export function loopbacks(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `127.0.${i >> 7}.${(i & 127) + 1}`)
}

/** The servers that proxies are given. */
export interface Origin extends AsyncDisposable {
  /** As `host:port`. */
  readonly addresses: readonly string[]
  /** Requests for what may be cached that have come so far; 0 where there is no such thing. */
  served(): number
}

/** Starts it on `count` addresses of loopback, all with the same port; resolves when it answers. */
export async function startOrigin(yard: Yard, count: number, cores: string | null): Promise<Origin> {
  const folder = yard.folder()
  const port = await freePort()
  writeFileSync(join(folder, SERVED), '')
  for (const [path, size] of Object.entries(files)) writeFileSync(join(folder, path), Buffer.alloc(size, 'x'))
  const addresses = loopbacks(count).map((host) => `${host}:${port}`)
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, nginxFrame(folder, 1, httpOf(folder, addresses)))
  const nginx = programOf('nginx')
  if (nginx === null) throw new Error('the origin is nginx, and there is none: apt-get install nginx-light')
  const child = await startServer(yard, { file: nginx, args: ['-p', folder, '-c', file, '-e', 'stderr'], cores }, port)
  // A log of two bytes for each.
  const served = (): number => statSync(join(folder, SERVED)).size / 2
  return { addresses, served, [Symbol.asyncDispose]: () => yard.stop(child) }
}

function httpOf(folder: string, addresses: readonly string[]): string {
  const body = 'x'.repeat(120)
  // A bare `return` would answer before the body has come. Only a location that passes on reads it to the end, here in
  // memory, so the answer is made by another server of the same worker, which gets no body.
  return `
  log_format one 1;
  access_log off;
  sendfile on;
  open_file_cache max=16;
  keepalive_timeout 300s;
  keepalive_requests ${ENDLESS};
  client_max_body_size 0;
  client_body_buffer_size 256k;
  upstream sink {
    server unix:${folder}/sink.sock;
    keepalive 2048;
    keepalive_requests ${ENDLESS};
  }
  server {
    listen unix:${folder}/sink.sock;
    location / { return 200 "${body}"; }
  }
  server {
${addresses.map((address) => `    listen ${address} backlog=4096;`).join('\n')}
    location / { return 200 "${body}"; }
    location = /fields {
${fields.map((field) => `      add_header ${field};`).join('\n')}
      return 200 "${body}";
    }
    location = /post {
      proxy_pass http://sink;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_pass_request_body off;
    }
${Object.keys(files)
  .map((path) => `    location = ${path} { root ${folder}; }`)
  .join('\n')}
${Object.entries(cacheable)
  .map(([name, size]) => cacheableOf(folder, name, size))
  .join('\n')}
  }`
}

function cacheableOf(folder: string, name: string, size: number): string {
  const content = size < FILE ? `return 200 "${'x'.repeat(size)}";` : `root ${folder}; try_files /${name} =404;`
  return `    location /hit/${name} {
      access_log ${folder}/${SERVED} one;
      add_header Cache-Control max-age=3600;
      ${content}
    }`
}
