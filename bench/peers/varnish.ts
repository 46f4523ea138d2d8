import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../yard.ts'
import { type Job, type Peer, prefixes, programOf, versionOf } from './peer.ts'

/** Varnish passes everything, except where the job is to cache. It leaves most of its log in shared memory out. */
export const varnish: Peer = { name: 'varnish', ...varnishWith(true) }

/** The same with the log as it is installed: that is what a hit costs those who have not changed it. */
export const varnishLogging: Peer = { name: 'varnish log', only: /^hit-(?!million|log)/, ...varnishWith(false) }

function varnishWith(silent: boolean): Omit<Peer, 'name'> {
  return {
    package: 'varnish',
    version: () => versionOf('varnishd', ['-V'], /varnish-([\d.]+)/),
    cannot: (job) => (job.threads > 1 ? 'has no set number of threads' : null),
    commands(job) {
      const file = join(job.folder, 'default.vcl')
      writeFileSync(file, vclOf(job))
      const instance = join(job.folder, 'instance')
      const commands: Command[] = [
        { file: programOf('varnishd') ?? 'varnishd', args: daemonArgs(job, instance, file, silent) },
      ]
      if (job.log !== null)
        commands.push({
          file: programOf('varnishncsa') ?? 'varnishncsa',
          args: ['-n', instance, '-a', '-w', job.log],
        })
      return commands
    },
  }
}

/** What it logs of each request in several lines. */
const SILENT = ['ReqHeader', 'RespHeader', 'BereqHeader', 'BerespHeader', 'VCL_call', 'VCL_return', 'Timestamp']

function daemonArgs(job: Job, instance: string, file: string, silent: boolean): string[] {
  const parameters = {
    thread_pools: 1,
    thread_pool_min: 100,
    // A request that is passed holds a thread of its own.
    thread_pool_max: 5000,
    timeout_idle: 300,
    listen_depth: 4096,
    // Its log in shared memory is always written, but without a reader most of it can be left out.
    // For a large object many small ones may have to go.
    ...(job.cache && { nuke_limit: 1000 }),
    ...(silent && job.log === null && { vsl_mask: SILENT.map((tag) => `-${tag}`).join(',') }),
  }
  return [
    ...['-F', '-j', 'none', '-n', instance, '-f', file],
    ...['-a', `127.0.0.1:${job.port}`, '-T', 'none', '-s', `malloc,${job.cache?.size ?? 256}m`],
    ...Object.entries(parameters).flatMap(([name, value]) => ['-p', `${name}=${value}`]),
  ]
}

function vclOf(job: Job): string {
  const backends = job.servers.map((server, i) => {
    const [host, port] = server.split(':')
    return `backend s${i} { .host = "${host}"; .port = "${port}"; .max_connections = ${job.serverConnections}; ${wait(job)}}`
  })
  const act = job.cache === null ? 'pass' : 'hash'
  const routes = prefixes(job).map(
    (path, i) => `${i === 0 ? 'if' : '  elsif'} (req.url ~ "^${path}") { return (${act}); }`,
  )
  return `vcl 4.1;
import directors;
${backends.join('\n')}
sub vcl_init {
  new shop = directors.round_robin();
${job.servers.map((_, i) => `  shop.add_backend(s${i});`).join('\n')}
}
sub vcl_recv {
  set req.backend_hint = shop.backend();
  ${job.cache === null ? forwarded('req') : ''}
  ${job.upgrade ? 'if (req.http.Upgrade) { return (pipe); }' : ''}
  ${routes.length === 0 ? `return (${act});` : `${routes.join('\n')} else { return (synth(404)); }`}
}
${job.cache === null ? '' : `sub vcl_backend_fetch {\n  ${forwarded('bereq')}\n}`}
sub vcl_pipe {
  set bereq.http.Upgrade = req.http.Upgrade;
  set bereq.http.Connection = req.http.Connection;
}
`
}

/** Fields for the servers. A hit needs none, so who caches sets them where he fetches. */
function forwarded(request: 'req' | 'bereq'): string {
  return `set ${request}.http.X-Forwarded-Proto = "http";
  set ${request}.http.X-Forwarded-Host = ${request}.http.Host;`
}

/** Lines before a backend exist since 7.6; older ones refuse at once. */
function wait({ queue }: Job): string {
  const [major, minor] = (varnish.version() ?? '0.0').split('.').map(Number)
  if (queue === null || major! < 7 || (major === 7 && minor! < 6)) return ''
  return `.wait_limit = ${queue.max}; .wait_timeout = ${queue.timeout / 1000}s; `
}
