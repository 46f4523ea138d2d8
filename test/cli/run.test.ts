/** `headgate run` from start to end, as a process of its own between a real client and a real server. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createListener } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { bin, command, RunningCommand } from './command.ts'

interface Origin {
  readonly address: string
  /** The answers that have not been given. */
  readonly held: ServerResponse[]
  /** Resolves when so many requests are held. */
  holds(n: number): Promise<void>
}

/** A server that answers at once, and holds every request for /slow. */
async function origin(t: TestContext): Promise<Origin> {
  const held: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url !== '/slow') return void response.end('quick')
    held.push(response)
    server.emit('held')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    held,
    async holds(n) {
      while (held.length < n) await once(server, 'held')
    },
  }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Resolves when something changed in the folder and the condition holds. */
async function changed(folder: string, holds: () => boolean): Promise<void> {
  using watcher = disposable(watch(folder))
  while (!holds()) await once(watcher.of, 'change')
}

function disposable<T extends { close(): void }>(of: T): Disposable & { readonly of: T } {
  return { of, [Symbol.dispose]: () => of.close() }
}

async function ask(port: string, path: string): Promise<IncomingMessage> {
  const [response] = await once(get({ host: '127.0.0.1', port, path, agent: false }), 'response')
  return response
}

/** The port that the start message names. */
async function portOf(running: RunningCommand): Promise<string> {
  await running.said(/^ready$/m)
  return (await running.said(/listener \w+: .*127\.0\.0\.1:(\d+)/))[1] ?? ''
}

const oneLiner = (to: string, ...more: string[]): string[] => [
  'run',
  '--to',
  to,
  '--listen',
  '127.0.0.1:0',
  '--threads',
  '1',
  ...more,
]

test('the one-liner passes requests to the server and says on stderr what it does', async (t) => {
  const { address } = await origin(t)
  await using running = new RunningCommand(oneLiner(address, '--max-connections', '50'))
  const response = await ask(await portOf(running), '/')
  assert.equal(response.statusCode, 200)
  assert.equal(await text(response), 'quick')
  await running.said(/max 50/)
  running.signal('SIGTERM')
  const { code, out, err } = await running.ended()
  assert.equal(code, 0)
  assert.equal(out, '')
  assert.match(err, /SIGTERM: stopping/)
  assert.match(err, /stopped\n$/)
})

test('the limit of the one-liner holds, and who is over it hears why', async (t) => {
  const { address, held, holds } = await origin(t)
  await using running = new RunningCommand(oneLiner(address, '--max-connections', '1', '--queue', '0'))
  const port = await portOf(running)
  const first = ask(port, '/slow')
  await holds(1)
  const second = await ask(port, '/')
  assert.equal(second.statusCode, 503)
  assert.ok(second.headers['retry-after'])
  assert.match(second.headers['proxy-status'] as string, /pool_full/)
  second.resume()
  held[0]?.end('slow')
  assert.equal(await text(await first), 'slow')
})

test('what the one-liner refuses stands on stdout with the id of its page, and its settings are named as options', async (t) => {
  const { address, held, holds } = await origin(t)
  await using running = new RunningCommand(oneLiner(address, '--max-connections', '1', '--queue', '0'))
  const port = await portOf(running)
  const first = ask(port, '/slow')
  await holds(1)
  const page = await text(await ask(port, '/refused'))
  const [line = ''] = await running.said(/^\{.*"\/refused".*\}$/m)
  const { incident, diagnosis } = JSON.parse(line) as { incident: string; diagnosis: Record<string, unknown> }
  assert.ok(page.includes(incident))
  assert.deepEqual([diagnosis.setting, diagnosis.limit, diagnosis.place], ['--max-connections', 1, null])
  assert.match((await running.said(/"message":"(pool app is full[^"]*)"/))[1] ?? '', /; see --max-connections$/)
  held[0]?.end('slow')
  await text(await first)
  running.signal('SIGTERM')
  assert.equal((await running.ended()).out.trimEnd().split('\n').length, 1, 'what went well has no line')
})

test('the one-liner writes no log, or one of all requests, when it is told to', async (t) => {
  const { address } = await origin(t)
  for (const [which, lines] of [
    ['none', 0],
    ['all', 1],
  ] as const) {
    await using running = new RunningCommand(oneLiner(address, '--log-requests', which))
    await text(await ask(await portOf(running), '/hello'))
    running.signal('SIGTERM')
    assert.equal((await running.ended()).out.split('/hello').length - 1, lines)
  }
  const wrong = await command(oneLiner(address, '--log-requests', 'some'))
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /Allowed choices are all, failures, none/)
})

test('a configuration file in the folder is found, and its name is told', async (t) => {
  const { address } = await origin(t)
  const cwd = folder(t)
  const config = { threads: 1, listeners: { web: { bind: '127.0.0.1:0' } }, pools: { app: { servers: [address] } } }
  writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  await using running = new RunningCommand(['run', '--access-log', 'stdout'], { cwd })
  const response = await ask(await portOf(running), '/hello')
  assert.equal(await text(response), 'quick')
  await running.said(/headgate\.json/)
  await running.said(/\/hello/)
  running.signal('SIGINT')
  assert.equal((await running.ended()).code, 0)
})

test('a stop lets a request under way finish, and ends with 0', async (t) => {
  const { address, held, holds } = await origin(t)
  await using running = new RunningCommand(oneLiner(address))
  const slow = ask(await portOf(running), '/slow')
  await holds(1)
  running.signal('SIGTERM')
  await running.said(/stopping.*1 request under way/)
  held[0]?.end('slow')
  assert.equal(await text(await slow), 'slow')
  assert.equal((await running.ended()).code, 0)
})

test('a SIGTERM that comes twice within a second is one, and lets a request under way finish', async (t) => {
  const { address, held, holds } = await origin(t)
  await using running = new RunningCommand(oneLiner(address))
  const slow = ask(await portOf(running), '/slow')
  await holds(1)
  running.signal('SIGTERM')
  running.signal('SIGTERM')
  await running.said(/stopping.*once more after a second: at once/)
  running.signal('SIGTERM')
  held[0]?.end('slow')
  assert.equal(await text(await slow), 'slow')
  assert.equal((await running.ended()).code, 0)
})

test('a SIGTERM while the configuration is being read ends at once', async (t) => {
  const cwd = folder(t)
  writeFileSync(
    join(cwd, 'headgate.config.mjs'),
    "console.error('reading'); setInterval(() => {}, 1e9); await new Promise(() => {})",
  )
  await using running = new RunningCommand(['run'], { cwd })
  await running.said(/reading/)
  running.signal('SIGTERM')
  assert.equal((await running.ended()).signal, 'SIGTERM')
})

test('a SIGTERM before it is ready ends at once, with 128 and its number, and leaves no socket', async (t) => {
  const cwd = folder(t)
  const socket = join(cwd, 'web.sock')
  const config = { listeners: { web: { bind: `unix:${socket}` } }, pools: { app: { servers: ['127.0.0.1:1'] } } }
  writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  // The signal comes as soon as it is heeded, which is before the first thread has been started.
  const hook = join(cwd, 'hook.mjs')
  writeFileSync(
    hook,
    "process.on('newListener', (name) => name === 'SIGTERM' && setImmediate(() => process.kill(process.pid, name)))",
  )
  await using running = new RunningCommand(['run'], { cwd, env: { NODE_OPTIONS: `--import=${hook}` } })
  const { code, err } = await running.ended()
  assert.equal(code, 143)
  assert.match(err, /SIGTERM: ended before it was ready\n$/)
  assert.doesNotMatch(err, /^ready$/m)
  assert.equal(existsSync(socket), false)
})

test('what npm has started stops in good order when the shell of npm is gone', async (t) => {
  const { address } = await origin(t)
  // npm ends at a SIGTERM together with its shell, and says nothing to what runs in it.
  const args = ['-c', '"$@"; exit $?', 'sh', process.execPath, bin, ...oneLiner(address)]
  const shell = spawn('/bin/sh', args, {
    env: { ...process.env, npm_lifecycle_event: 'npx' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => shell.kill('SIGKILL'))
  let said = ''
  shell.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part
    if (/^ready$/m.test(said)) shell.kill('SIGTERM')
  })
  // The pipe ends with the last process that holds it.
  await once(shell.stderr, 'end')
  assert.match(said, /the shell in which npm started this is gone/)
  assert.match(said, /SIGTERM: stopping[\s\S]*\nstopped\n$/)
})

test('a second signal ends at once, with 128 and its number', async (t) => {
  const { address, holds } = await origin(t)
  await using running = new RunningCommand(oneLiner(address))
  const slow = ask(await portOf(running), '/slow').catch((error: Error) => error)
  await holds(1)
  running.signal('SIGTERM')
  await running.said(/stopping/)
  // Those within a second are taken for repeats.
  const again = setInterval(() => running.signal('SIGINT'), 100)
  const { code, err } = await running.ended()
  clearInterval(again)
  assert.equal(code, 130)
  assert.match(err, /SIGINT: ended at once/)
  await slow
})

test('SIGUSR2 opens the access log anew after it was moved away', async (t) => {
  const { address } = await origin(t)
  const cwd = folder(t)
  const log = join(cwd, 'access.log')
  const moved = join(cwd, 'access.log.1')
  await using running = new RunningCommand(oneLiner(address, '--access-log', 'access.log'), { cwd })
  const port = await portOf(running)

  await text(await ask(port, '/before'))
  await changed(cwd, () => readFileSync(log, 'utf8').includes('/before'))
  renameSync(log, moved)
  running.signal('SIGUSR2')
  await changed(cwd, () => existsSync(log))
  await text(await ask(port, '/after'))
  running.signal('SIGTERM')
  assert.equal((await running.ended()).code, 0)
  assert.match(readFileSync(moved, 'utf8'), /"\/before"/)
  assert.match(readFileSync(log, 'utf8'), /"\/after"/)
})

test('SIGHUP stops nothing', async (t) => {
  const { address } = await origin(t)
  await using running = new RunningCommand(oneLiner(address))
  const port = await portOf(running)
  running.signal('SIGHUP')
  await running.said(/SIGHUP/)
  assert.equal(await text(await ask(port, '/')), 'quick')
})

test('a port that is in use ends with 1 and a remedy', async (t) => {
  const taken = createListener().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const { code, err } = await command(['run', '--to', '127.0.0.1:1', '--listen', `127.0.0.1:${port}`])
  assert.equal(code, 1)
  assert.match(err, new RegExp(`127\\.0\\.0\\.1:${port} is in use`))
  assert.doesNotMatch(err, /\n\s+at /)
})

test('options that need a server end with 2 where none is given', async () => {
  const { code, err } = await command(['run', '--listen', ':0'])
  assert.equal(code, 2)
  assert.match(err, /--listen needs --to/)
})

test('options that make a configuration of their own end with 2 beside a file', async () => {
  const { code, err } = await command(['run', 'shop.yaml', '--max-connections', '5'])
  assert.equal(code, 2)
  assert.match(err, /--max-connections.*shop\.yaml/)
})

test('a wrong option of the one-liner ends with 2 and is called by its name', async () => {
  const { code, err } = await command(['run', '--to', 'ftp://127.0.0.1'])
  assert.equal(code, 2)
  assert.match(err, /--to: .*ftp/)
})

test('a file that is wrong ends with 2 and is told with its place', async (t) => {
  const cwd = folder(t)
  writeFileSync(join(cwd, 'bad.yaml'), 'listeners:\n  web:\n    bind: ":0"\n    maxConections: 5\n')
  const { code, err } = await command(['run', 'bad.yaml'], { cwd })
  assert.equal(code, 2)
  assert.match(err, /bad\.yaml:4:5: .*maxConnections/)
})

test('after a kill it starts again on the unix sockets it left, and an orderly stop leaves none', async (t) => {
  const at = folder(t)
  const [web, admin] = [join(at, 'web.sock'), join(at, 'admin.sock')]
  const { address } = await origin(t)
  writeFileSync(
    join(at, 'headgate.json'),
    JSON.stringify({
      threads: 2,
      listeners: { web: { bind: `unix:${web}` } },
      pools: { shop: { servers: [address] } },
      admin: `unix:${admin}`,
      accessLog: false,
    }),
  )
  const answer = async (socketPath: string, path: string): Promise<string> => {
    const [response] = await once(get({ socketPath, path }), 'response')
    return await text(response)
  }
  {
    await using first = new RunningCommand(['run', 'headgate.json'], { cwd: at })
    await first.said(/ready/)
  }
  assert.ok(existsSync(web) && existsSync(admin), 'killed, it leaves them')
  await using second = new RunningCommand(['run', 'headgate.json'], { cwd: at })
  await second.said(/ready/)
  assert.equal(await answer(web, '/'), 'quick')
  assert.match(await answer(admin, '/v1/status'), /"uptime"/)

  const third = await command(['run', 'headgate.json'], { cwd: at })
  assert.equal(third.code, 1)
  assert.match(
    third.err,
    process.platform === 'linux'
      ? /web\.sock is in use by node\S* headgate\.js \(pid \d+\)\. Stop it, or listen on another path$/m
      : /web\.sock is in use by another program.*ss -lxp/,
  )
  assert.equal(await answer(web, '/'), 'quick')

  second.signal('SIGTERM')
  assert.equal((await second.ended()).code, 0)
  assert.deepEqual([existsSync(web), existsSync(admin)], [false, false])
})
