import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { systemText } from './system-text.ts'

/** Uses up all descriptors, then connects, and prints what the system said and what is made of it. */
const script = `
import { openSync } from 'node:fs'
import { connect } from 'node:net'
import { systemText } from ${JSON.stringify(new URL('./system-text.ts', import.meta.url).href)}
const socket = connect({ host: '127.0.0.1', port: 9, autoSelectFamily: false }).on('error', () => {})
socket.destroy()
try {
  for (let n = 0; n < 10_000; n++) openSync('/dev/null')
} catch {}
connect({ host: '127.0.0.1', port: 9 }).on('error', (error) => {
  process.stdout.write(JSON.stringify([error.code, error.message, systemText(error)]))
  process.exit(0)
})
`

test('a connection that failed for want of descriptors is told without an address it never had', () => {
  const shell = 'ulimit -n 256; exec "$0" --input-type=module -e "$1"'
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  const [code, said, shown] = JSON.parse(stdout) as [string, string, string]
  assert.equal(code, 'EMFILE')
  assert.match(said, /^connect EMFILE 127\.0\.0\.1:9/)
  assert.equal(shown, 'connect EMFILE 127.0.0.1:9')
})

test('a local address that is known stays, and the addresses of one name are told together', () => {
  const known = new Error('connect EADDRNOTAVAIL 10.0.0.1:80 - Local (10.0.0.2:4000)')
  assert.equal(systemText(known), known.message)
  const both = new AggregateError([
    new Error('connect ECONNREFUSED ::1:80'),
    new Error('connect ECONNREFUSED 127.0.0.1:80'),
  ])
  assert.equal(systemText(both), 'connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80')
})
