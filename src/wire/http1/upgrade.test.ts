import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayUpgrade, wasOffered } from './upgrade.ts'

test('a route passes on an Upgrade of which it allows every protocol, whatever its case and version', () => {
  for (const [allowed, offered, may] of [
    [['websocket'], 'websocket', true],
    [['websocket'], 'WebSocket', true],
    [['websocket'], 'websocket/13', true],
    [['websocket'], 'websocket, foo', false],
    [['websocket', 'foo'], ' websocket ,foo/2', true],
    [['websocket'], '', false],
    [['*'], 'foo/2, bar', true],
    [['*'], ' , ', false],
    [[], 'websocket', false],
  ] as const) {
    assert.equal(mayUpgrade(allowed, offered), may, `${allowed}: ${offered}`)
  }
})

test('another version of HTTP is never passed on, not even where all protocols are allowed', () => {
  for (const offered of ['h2c', 'H2C', 'websocket, h2c', 'HTTP/2.0', 'http', 'h2', 'h3']) {
    assert.equal(mayUpgrade(['*'], offered), false, offered)
    assert.equal(mayUpgrade(['websocket', 'h2c', 'http', 'h2', 'h3'], offered), false, offered)
  }
})

test('a 101 may only switch to what was offered, in every layer', () => {
  for (const [offered, switched, ok] of [
    ['websocket', 'websocket', true],
    ['websocket', 'WebSocket', true],
    ['foo, bar', 'bar', true],
    ['foo, bar', 'bar, foo', true],
    ['foo/2', 'foo', true],
    ['foo', 'foo/2', true],
    ['foo/2, foo/1', 'FOO/1', true],
    ['foo/2', 'foo/1', false],
    ['websocket', 'h2c', false],
    ['websocket', 'websocket, h2c', false],
    ['websocket', 'websocket2', false],
    ['websocket', '', false],
    ['websocket', ',', false],
  ] as const) {
    assert.equal(wasOffered(offered, switched), ok, `${offered} -> ${switched}`)
  }
})
