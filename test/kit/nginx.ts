/** A real nginx before a real file tree, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where nginx is, null where it is not installed. */
export function findNginx(): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path)) ?? null
}

export interface Nginx extends AsyncDisposable {
  readonly port: number
}

/**
 * Starts it with these files; each of them is as old as the others.
 * @param gzipProxied whether it compresses for a request with Via; nginx's own default is `off`
 */
export async function nginx(
  binary: string,
  files: Readonly<Record<string, string | Buffer>>,
  gzipProxied: 'any' | 'off' = 'any',
): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-nginx-'))
  const tree = join(folder, 'tree')
  for (const [path, content] of Object.entries(files)) {
    const file = join(tree, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    utimesSync(file, 1_790_000_000, 1_790_000_000)
  }
  // It cannot be told to find a free port; should somebody take this one meanwhile, another is tried.
  for (let attempt = 0; ; attempt++) {
    const port = await freePort()
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, tree, port, gzipProxied))
    const child = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    if (await listens(child, port)) {
      return {
        port,
        async [Symbol.asyncDispose]() {
          child.kill('SIGTERM')
          await exited
          rmSync(folder, { recursive: true, force: true })
        },
      }
    }
    if (attempt === 3) {
      const log = readFileSync(join(folder, 'error.log'), 'utf8')
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`nginx does not start: ${log}`)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Whether the process listens there before it ends. */
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1')
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (connected) return true
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return false
}

function configuration(folder: string, tree: string, port: number, gzipProxied: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http {
  ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ')}
  access_log off;
  types { text/html html; text/plain txt; application/json json; image/png png; }
  default_type application/octet-stream;
  gzip on;
  gzip_min_length 50;
  gzip_types text/plain application/json;
  gzip_vary on;
  gzip_proxied ${gzipProxied};
  server {
    listen 127.0.0.1:${port};
    root ${tree};
    index index.html;
    keepalive_requests 10000;
    location /list/ { autoindex on; }
    location = /moved { return 301 /index.html; }
    location = /gone { return 410; }
    location = /empty { return 204; }
    location = /said { add_header X-Said "a, b" always; return 200 "said\\n"; }
  }
}
`
}
