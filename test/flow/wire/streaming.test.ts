import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const GIB = 1024 ** 3
/** What passes is this, over and over. Its length fits into no buffer, so that a piece lost or repeated shows. */
const pattern = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 7919) >>> 5))
const twice = Buffer.concat(Array.from({ length: 17 }, () => pattern))
/** Bytes that may be added to the memory of Headgate while a GiB passes. */
const FLAT = 64 * 1024 * 1024

/** Headgate in a process of its own, so that its memory can be looked at. */
class Process implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess
  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async before(origin: number): Promise<Process> {
    const bin = fileURLToPath(new URL('../../../bin/headgate.js', import.meta.url))
    const flags = ['--to', `127.0.0.1:${origin}`, '--listen', '127.0.0.1:0', '--threads', '1']
    const child = spawn(process.execPath, [bin, 'run', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    for await (const chunk of child.stderr) {
      said += chunk
      const port = /listener web: 127\.0\.0\.1:(\d+)/.exec(said)
      if (port !== null && said.includes('ready')) return new Process(child, Number(port[1]))
    }
    throw new Error(`Headgate did not start: ${said}`)
  }

  /** Bytes in memory now. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

/** Sends `bytes` of the pattern, as quickly as they are taken. */
async function pour(socket: Socket, bytes: number, chunked: boolean): Promise<void> {
  for (let at = 0; at < bytes; ) {
    const from = at % pattern.length
    const piece = twice.subarray(from, from + Math.min(bytes - at, 1_000_000))
    if (chunked) socket.write(`${piece.length.toString(16)}\r\n`)
    const taken = socket.write(piece)
    if (chunked) socket.write('\r\n')
    at += piece.length
    if (!taken) await once(socket, 'drain')
  }
  if (chunked) socket.write('0\r\n\r\n')
}

/** Takes `bytes` of the pattern after `first`, resting now and then for a moment and at the beginning for long. */
async function drink(socket: Socket, first: Buffer, bytes: number, rest: () => Promise<void>): Promise<void> {
  let at = 0
  let rests = 0
  const taste = (chunk: Buffer): void => {
    const from = at % pattern.length
    if (!chunk.equals(twice.subarray(from, from + chunk.length))) throw new Error(`other bytes after ${at}`)
    at += chunk.length
  }
  if (first.length > 0) taste(first)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    taste(chunk as Buffer)
    if (at >= bytes) break
    if (at > rests * 50_000_000) {
      rests++
      await rest()
    }
  }
  assert.equal(at, bytes)
}

/** Reads up to the end of a head. Answers with what came behind it. */
async function head(socket: Socket): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let got = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    got = Buffer.concat([got, chunk])
    const end = got.indexOf('\r\n\r\n')
    if (end < 0) continue
    socket.pause()
    return { head: got.toString('latin1', 0, end), rest: got.subarray(end + 4) }
  }
}

async function listen(served: (socket: Socket) => Promise<void>): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    served(socket).catch((error) => socket.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Whoever rests lets everything before it fill up, and looks at the memory then. */
function watch(of: Process): { readonly rest: () => Promise<void>; readonly most: () => number } {
  let most = 0
  return {
    rest: async () => {
      await new Promise((resolve) => setTimeout(resolve, most === 0 ? 300 : 20))
      most = Math.max(most, of.memory)
    },
    most: () => most,
  }
}

test('a GiB comes down to a client that stops now and then, whole, in flat memory', { timeout: 60_000 }, async () => {
  await using origin = await listen(async (socket) => {
    const { head: asked } = await head(socket)
    const bytes = asked.startsWith('GET /warm') ? 10_000_000 : GIB
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`)
    await pour(socket, bytes, false)
  })
  await using hg = await Process.before(origin.port)
  const fetch = async (path: string, bytes: number, rest: () => Promise<void>): Promise<void> => {
    const client = connect(hg.port, '127.0.0.1')
    client.write(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n`)
    const answer = await head(client)
    assert.match(answer.head, new RegExp(`^HTTP/1.1 200 OK\r\n[^]*Content-Length: ${bytes}`))
    await drink(client, answer.rest, bytes, rest)
    client.destroy()
  }
  await fetch('/warm', 10_000_000, async () => {})
  const before = hg.memory
  const { rest, most } = watch(hg)
  await fetch('/', GIB, rest)
  assert.ok(most() - before < FLAT, `${(most() - before) / 1024 ** 2} MiB more than before`)
})

for (const chunked of [false, true]) {
  const how = chunked ? 'in chunks' : 'of stated length'
  test(`a GiB ${how} goes up to a server that stops now and then, whole, in flat memory`, {
    timeout: 60_000,
  }, async () => {
    let rest = async (): Promise<void> => {}
    await using origin = await listen(async (socket) => {
      const asked = await head(socket)
      const length = /content-length: (\d+)/i.exec(asked.head)?.[1]
      if (length !== undefined) await drink(socket, asked.rest, Number(length), rest)
      else await unchunked(socket, asked.rest, GIB, rest)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')
    })
    await using hg = await Process.before(origin.port)
    const send = async (bytes: number, inChunks: boolean): Promise<void> => {
      const client = connect(hg.port, '127.0.0.1')
      const framing = inChunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
      client.write(`POST / HTTP/1.1\r\nHost: shop.test\r\n${framing}\r\n\r\n`)
      const answer = head(client)
      await pour(client, bytes, inChunks)
      assert.match((await answer).head, /^HTTP\/1.1 200 OK/)
      client.destroy()
    }
    await send(10_000_000, false)
    const before = hg.memory
    const watching = watch(hg)
    rest = watching.rest
    await send(GIB, chunked)
    const grown = watching.most() - before
    assert.ok(grown < FLAT, `${grown / 1024 ** 2} MiB more than before`)
  })
}

/** As `drink`, of a chunked body: its chunks are cut anew on the way, so they are freed from their frame here. */
async function unchunked(socket: Socket, first: Buffer, bytes: number, rest: () => Promise<void>): Promise<void> {
  let at = 0
  let left = 0
  let line = ''
  let rests = 0
  let done = false
  const take = (chunk: Buffer): void => {
    let i = 0
    while (i < chunk.length && !done) {
      if (left > 2) {
        const n = Math.min(left - 2, chunk.length - i)
        const from = at % pattern.length
        if (!chunk.subarray(i, i + n).equals(twice.subarray(from, from + n))) throw new Error(`other bytes after ${at}`)
        at += n
        left -= n
        i += n
      } else if (left > 0) {
        left--
        i++
      } else {
        const end = chunk.indexOf(10, i)
        line += chunk.toString('latin1', i, end < 0 ? chunk.length : end + 1)
        i = end < 0 ? chunk.length : end + 1
        if (end < 0) break
        const size = Number.parseInt(line, 16)
        line = ''
        if (size === 0) done = true
        else left = size + 2
      }
    }
  }
  take(first)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    take(chunk as Buffer)
    if (done) break
    if (at > rests * 50_000_000) {
      rests++
      await rest()
    }
  }
  assert.equal(at, bytes)
}
