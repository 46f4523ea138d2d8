import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import * as system from 'node:fs'
import { constants, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { LogFile, type LogTrouble } from './log-file.ts'
import type { FileSystem } from './log-target.ts'

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-log-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`)

/** A disk of which a test decides how each write ends: bytes taken, an error code, or not before `release`. */
class Disk {
  text = ''
  writes = 0
  open = 0
  next: (length: number) => number | string | Promise<number> = (length) => length

  get fs(): FileSystem {
    return {
      openSync: () => ++this.open + 100,
      open: (_path: unknown, _flags: unknown, _mode: unknown, done: (e: null, fd: number) => void) =>
        setImmediate(done, null, ++this.open + 100),
      fstatSync: () => ({ isFIFO: () => false }),
      close: (_fd: number, done: () => void) => setImmediate(done),
      write: (
        _fd: number,
        bytes: Buffer,
        from: number,
        length: number,
        _at: null,
        done: (e: unknown, n: number) => void,
      ) => {
        this.writes++
        const end = this.next(length)
        if (typeof end === 'string') return setImmediate(done, Object.assign(new Error(end), { code: end }), 0)
        Promise.resolve(end).then((n) => {
          this.text += bytes.toString('latin1', from, from + n)
          done(null, n)
        })
      },
    } as unknown as FileSystem
  }
}

test('a log file that is renamed and opened anew loses no line and tears none', async (t) => {
  const directory = folder(t)
  const path = join(directory, 'access.log')
  const log = new LogFile(path, 10_000_000, (trouble) => assert.fail(JSON.stringify(trouble)))
  const all = lines(0, 60_000)
  const files = [path]
  let at = 0
  for (let turn = 0; turn < 6; turn++) {
    for (const end = at + 10_000; at < end; at++) log.add(all[at]!)
    if (turn === 5) break
    const old = `${path}.${turn}`
    renameSync(path, old)
    files.splice(-1, 0, old)
    await log.reopen()
  }
  await log.close()
  const texts = files.map((file) => readFileSync(file, 'utf8'))
  for (const text of texts) assert.match(text, /\n$/)
  assert.ok(texts.every((text) => text.length > 0))
  assert.equal(texts.join(''), all.join(''))
  assert.equal(log.dropped, 0)
})

test('lines of several threads in one file are never torn', async (t) => {
  const path = join(folder(t), 'access.log')
  const code = `
    import { workerData } from 'node:worker_threads'
    const { LogFile } = await import(workerData.module)
    const log = new LogFile(workerData.path, 10_000_000, () => {})
    const line = 'x'.repeat(97) + workerData.name + '\\n'
    for (let i = 0; i < 5000; i++) {
      log.add(line)
      if (i % 1000 === 0) await log.flush()
    }
    await log.close()`
  const module = new URL('./log-file.ts', import.meta.url).href
  const ends = ['A', 'B', 'C'].map((name) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
      workerData: { module, path, name },
    })
    return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  })
  await Promise.all(ends)
  const written = readFileSync(path, 'utf8').trimEnd().split('\n')
  assert.equal(written.length, 15_000)
  assert.ok(written.every((line) => /^x{97}[ABC]$/.test(line)))
})

test('a write that takes only a part is continued where it stopped', async () => {
  const disk = new Disk()
  disk.next = (length) => Math.min(length, 7)
  const log = new LogFile('x', 100_000, () => assert.fail(), disk.fs)
  const all = lines(0, 100)
  for (const line of all) log.add(line)
  await log.close()
  assert.equal(disk.text, all.join(''))
  assert.ok(disk.writes > 100)
})

test('a log that is stuck holds no more than its bound, counts what it drops, and tells of it once at each end', async () => {
  const disk = new Disk()
  const told: LogTrouble[] = []
  const { promise: stuck, resolve: release } = Promise.withResolvers<void>()
  disk.next = (length) => stuck.then(() => length)
  const log = new LogFile('x', 2000, (trouble) => told.push(trouble), disk.fs)
  const all = lines(10_000, 11_000) // 11 bytes each
  for (const line of all) log.add(line)
  assert.equal(log.dropped, 1000 - Math.floor(2000 / 11))
  assert.deepEqual(told, [{ state: 'dropping', lines: 0, error: null }])
  release()
  await log.flush()
  assert.equal(disk.text, all.slice(0, Math.floor(2000 / 11)).join(''))
  assert.deepEqual(told.slice(1), [{ state: 'recovered', lines: log.dropped, error: null }])
  log.add('again\n')
  await log.close()
  assert.match(disk.text, /again\n$/)
  assert.equal(told.length, 2)
})

test('a full disk is told once; what fits the bound is written when there is room again', async () => {
  const disk = new Disk()
  const told: LogTrouble[] = []
  let full = true
  const twice = Promise.withResolvers<void>()
  disk.next = (length) => {
    if (!full) return length
    if (disk.writes === 2) twice.resolve()
    return 'ENOSPC'
  }
  const log = new LogFile('x', 1000, (trouble) => told.push(trouble), disk.fs)
  log.add('one\n')
  log.add('two\n')
  await log.flush(0)
  await twice.promise // the second attempt, by itself
  full = false
  await log.reopen() // an operator who has made room need not wait for the third
  await log.flush()
  assert.equal(disk.text, 'one\ntwo\n')
  assert.deepEqual(
    told.map((trouble) => trouble.state),
    ['failing', 'recovered'],
  )
  assert.equal(told[0]!.error, 'ENOSPC')
  assert.equal(log.dropped, 0)
})

test('a line of which the old file took only a part is whole in the new one', async () => {
  const disk = new Disk()
  const failed = Promise.withResolvers<void>()
  const log = new LogFile('x', 1000, () => failed.resolve(), disk.fs)
  disk.next = () => (disk.writes === 1 ? 6 : 'EIO')
  log.add('first\n')
  log.add('second\n')
  disk.next = () => (disk.writes === 1 ? 9 : 'EIO')
  void log.flush(0)
  await failed.promise
  disk.next = (length) => length
  await log.reopen()
  await log.flush()
  assert.equal(disk.text, 'first\nsecsecond\n')
  await log.close()
})

test('a path that cannot be opened does not stop anything, and is tried again', async (t) => {
  const path = join(folder(t), 'later', 'access.log')
  const told: LogTrouble[] = []
  const log = new LogFile(path, 100, (trouble) => told.push(trouble))
  for (const line of lines(0, 20)) log.add(line)
  assert.deepEqual(
    told.map((trouble) => trouble.state),
    ['failing', 'dropping'],
  )
  assert.match(told[0]!.error!, /ENOENT/)
  system.mkdirSync(join(path, '..'))
  await log.reopen()
  await log.flush()
  await log.close()
  assert.equal(readFileSync(path, 'utf8'), lines(0, 13).join(''))
  assert.equal(told[2]!.state, 'recovered')
  assert.equal(told[2]!.lines, log.dropped)
})

test('when the path cannot be opened anew, the old file goes on', async (t) => {
  const directory = folder(t)
  const told: LogTrouble[] = []
  const path = join(directory, 'in', 'access.log')
  system.mkdirSync(join(directory, 'in'))
  const log = new LogFile(path, 1000, (trouble) => told.push(trouble))
  renameSync(join(directory, 'in'), join(directory, 'out'))
  log.add('one\n')
  await log.reopen()
  await log.close()
  assert.equal(readFileSync(join(directory, 'out', 'access.log'), 'utf8'), 'one\n')
  assert.match(told[0]!.error!, /^still writing to the old file: ENOENT/)
})

test('a pipe that nobody reads blocks nothing; what is read of it later is whole lines', async (t) => {
  const path = join(folder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  t.after(() => system.closeSync(reader))
  const told: string[] = []
  const log = new LogFile(path, 200_000, (trouble) => told.push(trouble.state))
  const line = `${'x'.repeat(99)}\n`
  for (let i = 0; i < 5000; i++) log.add(line)
  await log.flush(100)
  assert.ok(log.dropped >= 3000)
  assert.deepEqual(told, ['dropping'])

  const chunk = Buffer.alloc(65_536)
  let text = ''
  const flushed = log.flush(5000).then(() => true)
  for (let done = false; !done; ) {
    done = await Promise.race([flushed, new Promise<false>((resolve) => setImmediate(resolve, false))])
    try {
      for (let n = 1; n > 0; ) {
        n = readSync(reader, chunk)
        text += chunk.toString('latin1', 0, n)
      }
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    }
  }
  await log.close()
  assert.equal(text, line.repeat(5000 - log.dropped))
  assert.deepEqual(told, ['dropping', 'recovered'])
})

test('stdout can be a pipe or a file, and is not closed', (t) => {
  const code = `
    import { LogFile } from ${JSON.stringify(new URL('./log-file.ts', import.meta.url).href)}
    const log = new LogFile('stdout', 1_000_000, (trouble) => process.stderr.write(JSON.stringify(trouble)))
    for (let i = 0; i < 3000; i++) log.add('line ' + i + '\\n')
    await log.reopen()
    await log.close()
    process.stdout.write('end\\n')`
  const run = (out: 'pipe' | number) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', out, 'pipe'],
      encoding: 'utf8',
    })
  const expected = `${lines(0, 3000).join('')}end\n`
  const piped = run('pipe')
  assert.equal(piped.stderr, '')
  assert.equal(piped.stdout, expected)

  const path = join(folder(t), 'out')
  const file = openSync(path, 'w')
  t.after(() => system.closeSync(file))
  assert.equal(run(file).stderr, '')
  assert.equal(readFileSync(path, 'utf8'), expected)
})

test('close gives up after its time, counts what was left, and takes no more', async () => {
  const disk = new Disk()
  const { promise: stuck, resolve: release } = Promise.withResolvers<number>()
  disk.next = () => stuck
  const log = new LogFile('x', 1000, () => {}, disk.fs)
  for (const line of lines(0, 3)) log.add(line)
  await log.close(10)
  log.add('late\n')
  assert.equal(log.dropped, 1)
  release(0)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(log.dropped, 4)
})
