/** Where the admin API listens and what it asks for, from the written form to the model. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isLocal, withAdminByDefault } from './admin-address.ts'
import type { AdminConfig } from './model.ts'
import { configFrom, readNative } from './native.ts'
import type { Notice } from './notice.ts'
import { Places } from './places.ts'

const base = { listeners: { web: { bind: ':80' } }, pools: { app: { servers: ['a'] } } }
const token = 'correct-horse-battery'
const folder = mkdtempSync(join(tmpdir(), 'headgate-admin-'))
after(() => rmSync(folder, { recursive: true }))

function read(admin: unknown): { admin: AdminConfig | null | undefined; notices: readonly Notice[] } {
  const { config, notices } = readNative({ ...base, admin }, new Places(''), {}, folder)
  return { admin: config?.admin, notices }
}

test('a program that says nothing of an admin API has none, and a command line has one that may fail', () => {
  const config = configFrom(base)
  assert.equal(config.admin, null)
  assert.deepEqual(withAdminByDefault(config).admin, {
    bind: { host: '127.0.0.1', port: 9191 },
    token: null,
    required: false,
  })
})

test('what was written of the admin API stands, false too', () => {
  assert.equal(withAdminByDefault(configFrom({ ...base, admin: false })).admin, null)
  const written = withAdminByDefault(configFrom({ ...base, admin: '127.0.0.1:0' }))
  assert.deepEqual(written.admin, { bind: { host: '127.0.0.1', port: 0 }, token: null, required: true })
  assert.deepEqual(read(true).admin, read({}).admin)
})

test('beyond this machine a token is required, whatever the address is called', () => {
  for (const bind of [':9191', '0.0.0.0:9191', '[::]:9191', '10.0.0.1:9191', 'gate.internal:9191', '127.evil.test:1']) {
    assert.deepEqual(
      read({ bind }).notices.map(({ rule, path }) => `${rule} ${path}`),
      ['admin-without-token admin.bind'],
      bind,
    )
    assert.equal(read({ bind, token }).admin?.token, token)
  }
  assert.equal(read(':9191').notices[0]?.rule, 'admin-without-token')
  for (const bind of ['127.0.0.1:1', '127.1.2.3:1', '[::1]:1', 'localhost:1', 'unix:/run/admin.sock'])
    assert.deepEqual(read({ bind }).notices, [], bind)
})

test('the admin API and a listener cannot have one address, however it is written', () => {
  const rules = (bind: unknown, admin: unknown): unknown =>
    readNative({ ...base, listeners: { web: { bind } }, admin }, new Places(''), {}, folder).notices.map(
      ({ rule, path }) => `${rule} ${path}`,
    )
  for (const bind of [':9191', '0.0.0.0:9191', '127.0.0.1:9191', [':80', '[::]:9191']]) {
    assert.deepEqual(rules(bind, { bind: '127.0.0.1:9191' }), ['admin-bind-taken admin.bind'], String(bind))
    assert.deepEqual(rules(bind, true), ['admin-bind-taken admin'], String(bind))
    assert.deepEqual(rules(bind, undefined), [], String(bind))
    assert.deepEqual(rules(bind, false), [], String(bind))
  }
  assert.deepEqual(rules('unix:/run/x.sock', 'unix:/run/x.sock'), ['admin-bind-taken admin'])
  for (const bind of [':9192', '10.0.0.1:9191', ':0', 'unix:/run/x.sock']) assert.deepEqual(rules(bind, true), [], bind)
  assert.deepEqual(rules('0.0.0.0:9191', '[::1]:9191'), [])
  assert.deepEqual(rules('127.0.0.1:0', '127.0.0.1:0'), [])
})

test('an address of loopback is local, and a name that begins like one is not', () => {
  assert.equal(isLocal({ host: '127.0.0.1', port: 1 }), true)
  assert.equal(isLocal({ host: '127.0.0.1.evil.test', port: 1 }), false)
  assert.equal(isLocal({ host: '', port: 1 }), false)
})

test('a poor token is refused without being shown', () => {
  for (const poor of ['short-secret', 'with spaces in the middle', `${'x'.repeat(2000)}`, 123_456_789_012_345]) {
    const { notices } = read({ token: poor })
    assert.equal(notices.length, 1, String(poor))
    const said = JSON.stringify(notices)
    assert.ok(!said.includes(String(poor)), said)
    assert.match(notices[0]?.fix ?? '', /openssl rand/)
  }
})

test('a token may stand in a file, whose faults are told by its name', () => {
  writeFileSync(join(folder, 'token'), `${token}\n`)
  writeFileSync(join(folder, 'poor'), 'short-secret\n')
  assert.equal(read({ bind: ':1', token: { file: 'token' } }).admin?.token, token)
  const [missing] = read({ bind: ':1', token: { file: 'none' } }).notices
  assert.equal(missing?.rule, 'file-missing')
  assert.match(missing?.says ?? '', /none cannot be read \(ENOENT\)/)
  const [poor] = read({ bind: ':1', token: { file: 'poor' } }).notices
  assert.equal(`${poor?.rule} ${poor?.path}`, 'out-of-range admin.token.file')
  assert.ok(!JSON.stringify(poor).includes('short-secret'))
})
