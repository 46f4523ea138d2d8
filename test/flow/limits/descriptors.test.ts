/** When more clients come than there are file descriptors, each of them hears of it, and so does the operator. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, RunningCommand } from '../../cli/command.ts'
import { Client } from '../../kit/client.ts'
import type { LogLine } from '../../kit/logged.ts'
import { Origin } from '../../kit/origin.ts'
import { tally, until, verdictOf } from '../../kit/settle.ts'

interface Scarce extends AsyncDisposable {
  readonly port: number
  readonly admin: string
  readonly running: RunningCommand
  /** Stops it and reads its access log. */
  log(): Promise<LogLine[]>
}

/** A Headgate that may open 256 files. */
async function scarce(origin: Origin): Promise<Scarce> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'))
  const node = join(folder, 'node.sh')
  writeFileSync(node, `#!/bin/sh\nulimit -n 256\nexec '${process.execPath}' "$@"\n`)
  chmodSync(node, 0o755)
  const config = {
    threads: 2,
    listeners: { web: { bind: '127.0.0.1:0' } },
    pools: { shop: { servers: [origin.address] } },
    accessLog: join(folder, 'log'),
    admin: `unix:${join(folder, 'admin.sock')}`,
    drain: '1s',
  }
  writeFileSync(join(folder, 'headgate.json'), JSON.stringify(config))
  const running = new RunningCommand(['run', 'headgate.json'], { cwd: folder, node })
  const said = await running.said(/listener web: .*127\.0\.0\.1:(\d+)/)
  await running.said(/^ready$/m)
  return {
    port: Number(said[1]),
    admin: config.admin,
    running,
    async log() {
      running.signal('SIGTERM')
      await running.ended()
      return readFileSync(join(folder, 'log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as LogLine)
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('of 600 clients who come at once where 256 files may be open each gets an answer, and each that fails is counted, logged and explained', {
  skip: process.platform !== 'linux',
}, async () => {
  await using origin = await Origin.listen((asked) => setTimeout(() => asked.answer('ok'), 100))
  await using hg = await scarce(origin)
  const came = await Promise.all(
    Array.from({ length: 600 }, async () => {
      const socket = connect({ port: hg.port, host: '127.0.0.1', allowHalfOpen: true })
      const client = Client.over(socket)
      await once(socket, 'connect')
      return verdictOf(await client.get('/').response())
    }),
  )
  const counts = tally(came)
  const { '200': served = 0, '503 local_resources': failed = 0 } = counts
  assert.equal(served + failed, 600, JSON.stringify(counts))
  assert.ok(served > 0 && failed > 0, JSON.stringify(counts))
  const begin = await hg.running.said(/file descriptors are scarce, this process may open 256: .*/)
  assert.match(begin[0], /\d+ connections refused with 503.*LimitNOFILE=20140 in systemd, ulimit -n 20140/)

  // The operator is let in all the while.
  const status = await command(['ctl', 'status', '--json', '--admin', hg.admin])
  assert.equal(status.code, 0, status.err)

  const lines = await hg.log()
  assert.deepEqual(tally(lines.map(({ cause }) => cause ?? 'none')), { none: served, local_resources: failed })
  assert.ok(lines.every(({ diagnosis }) => diagnosis === null || diagnosis.detail?.includes('file')))
})

test('where descriptors are scarce clients between two requests make way for newcomers', {
  skip: process.platform !== 'linux',
}, async () => {
  await using origin = await Origin.listen((asked) => asked.answer('ok'))
  await using hg = await scarce(origin)
  const clients: Client[] = []
  const served = async (): Promise<string> => {
    const client = await Client.connect(hg.port)
    clients.push(client)
    return verdictOf(await client.get('/').response())
  }
  const came: string[] = []
  for (let k = 0; k < 100; k++) came.push(await served())
  await new Promise((resolve) => setTimeout(resolve, 300)) // until they count as idle
  for (let k = 0; k < 100; k++) came.push(await served())
  assert.deepEqual(tally(came), { 200: 200 })
  const closed = (): boolean[] => clients.map(({ socket }) => socket.readableEnded)
  await until(() => closed().filter(Boolean).length >= 40)
  assert.ok(closed().slice(0, 10).every(Boolean), 'the eldest first')
  for (const client of clients) client[Symbol.dispose]()
})
