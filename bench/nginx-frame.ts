/** What every nginx of the bench has around its `http` block, be it the origin or a proxy. */
import { readFileSync } from 'node:fs'

/** A whole nginx.conf that keeps to its folder and runs in the foreground. */
export function nginxFrame(folder: string, workers: number, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // Whoever started it as root would find that the workers, by default nobody, cannot read the folder.
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${folder}/nginx.pid;
worker_processes ${workers};
events {
  worker_connections ${Math.min(openFiles() - 100, 60_000)};
}
http {
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  default_type text/plain;
  tcp_nodelay on;
${http}
}
`
}

/** How many files a process of ours may open. */
export function openFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024)
}
