import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFailure } from './start-failure.ts'

const failure = (code: string, more: object): Error => Object.assign(new Error(`listen ${code}`), { code, ...more })

test('an address that is taken is named, with the command that finds who has it', () => {
  assert.match(startFailure(failure('EADDRINUSE', { address: '::', port: 80 })) ?? '', /\[::\]:80 is in use.*ss -ltnp/)
})

test('an address is told with the process that has it, where that is known', () => {
  assert.equal(
    startFailure(failure('EADDRINUSE', { address: '127.0.0.1', port: 80, holder: 'nginx (pid 12)' })),
    'headgate could not start: 127.0.0.1:80 is in use by nginx (pid 12). Stop it, or listen on another port',
  )
})

test('a port that is kept for root is told with two ways out', () => {
  const said = startFailure(failure('EACCES', { address: '0.0.0.0', port: 80 })) ?? ''
  assert.match(said, /0\.0\.0\.0:80.*below 1024.*setcap/)
})

test('a unix socket is called by its path, and told with what goes for paths', () => {
  const said = (code: string): string => startFailure(failure(code, { address: '/run/a:b.sock', port: -1 })) ?? ''
  assert.match(said('EADDRINUSE'), /: \/run\/a:b\.sock is in use.*another path.*ss -lxp$/)
  assert.match(said('EEXIST'), /\/run\/a:b\.sock is there already and is no socket.*Move it away/)
  assert.match(said('EACCES'), /make a socket at \/run\/a:b\.sock/)
  assert.doesNotMatch(said('EACCES'), /Ports below 1024/)
})

test('a failure of the system without a known remedy is told as the system has it', () => {
  assert.equal(startFailure(failure('EIO', {})), 'headgate could not start: listen EIO')
})

test('anything else is a defect and keeps its stack', () => {
  assert.equal(startFailure(new TypeError('x is not a function')), null)
})
