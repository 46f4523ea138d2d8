/** Unix sockets that a dead process left, and all that must not be taken for one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bind } from './bind.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A server that is closed with the test. */
function server(t: TestContext): Server {
  const made = createServer((socket) => socket.on('error', () => {}).end('here'))
  t.after(() => void made.close())
  return made
}

/** Leaves a socket as a process does that is killed. */
async function leave(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listens'))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(lstatSync(path).isSocket())
}

async function served(path: string): Promise<boolean> {
  const socket = connect({ path })
  const [said] = await once(socket, 'data')
  return String(said) === 'here'
}

test('a socket that a killed process left is taken over, and is gone when its server closes', async (t) => {
  const path = join(folder(t), 'a.sock')
  await leave(path)
  const mine = server(t)
  await bind(mine, { path })
  assert.ok(await served(path))
  mine.close()
  await once(mine, 'close')
  assert.equal(existsSync(path), false)
})

test('a socket at which somebody listens is in use, and goes on serving', async (t) => {
  const at = folder(t)
  const path = join(at, 'a.sock')
  await bind(server(t), { path })
  await assert.rejects(bind(server(t), { path }), { code: 'EADDRINUSE', address: path })
  assert.ok(await served(path))
  assert.deepEqual(readdirSync(at), ['a.sock'])
})

test('what is no socket is left as it is, be it a file, a folder, or a link to a dead socket', async (t) => {
  const at = folder(t)
  const file = join(at, 'file')
  writeFileSync(file, 'dear to somebody')
  const dead = join(at, 'dead')
  await leave(dead)
  const link = join(at, 'link')
  symlinkSync(dead, link)
  for (const path of [file, at, link]) {
    await assert.rejects(bind(server(t), { path }), { code: 'EEXIST', address: path, port: -1 })
  }
  assert.equal(readFileSync(file, 'utf8'), 'dear to somebody')
  assert.ok(lstatSync(link).isSymbolicLink() && lstatSync(dead).isSocket())
})

test('of many that start at once over a dead socket one gets it, and it is he who is found there', async (t) => {
  const at = folder(t)
  const path = join(at, 'a.sock')
  for (let round = 0; round < 3; round++) {
    await leave(path)
    const all = Array.from({ length: 8 }, () => server(t))
    const bound = await Promise.allSettled(all.map((one) => bind(one, { path })))
    const got = all.filter((one) => one.listening)
    assert.equal(got.length, 1)
    for (const one of bound) if (one.status === 'rejected') assert.equal(one.reason.code, 'EADDRINUSE')
    assert.ok(await served(path))
    assert.deepEqual(readdirSync(at), ['a.sock'])
    got[0]!.close()
    await once(got[0]!, 'close')
  }
})

test('a place that changes hands after the first look is left to its new owner', async (t) => {
  const at = folder(t)
  const path = join(at, 'a.sock')
  await leave(path)
  const late = server(t)
  // In the pause after the first look another one takes the place of the dead one.
  const mine = bind(server(t), { path })
  await new Promise((resolve) => setTimeout(resolve, 30))
  rmSync(path)
  await bind(late, { path })
  await assert.rejects(mine, { code: 'EADDRINUSE' })
  assert.ok(await served(path))
})

test('any other error is that of the system', async (t) => {
  await assert.rejects(bind(server(t), { path: join(folder(t), 'no', 'a.sock') }), { syscall: 'listen' })
})
