import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { createAppLog, humanLine, type LogOutput } from './app-log.ts'

function memory(isTTY: boolean): LogOutput & { text: string } {
  return {
    isTTY,
    text: '',
    write(text: string) {
      this.text += text
    },
  }
}

test('the log is one JSON object per line where no terminal reads it', () => {
  const output = memory(false)
  const log = createAppLog('info', output)
  log.info({ listener: 'web', port: 8080 }, 'listening')
  log.debug('not at this level')
  log.error(new Error('it broke'), 'reload failed')
  const [first, second, ...more] = output.text.trimEnd().split('\n')
  assert.equal(more.length, 0)
  const { time, ...rest } = JSON.parse(first!) as Record<string, unknown>
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(rest, { level: 'info', listener: 'web', port: 8080, message: 'listening' })
  const failed = JSON.parse(second!) as { level: string; error: { message: string; stack: string } }
  assert.equal(failed.level, 'error')
  assert.equal(failed.error.message, 'it broke')
  assert.match(failed.error.stack, /app-log\.test/)
})

test('on a terminal it is a short line with time, level, message and values', () => {
  const output = memory(true)
  const log = createAppLog('debug', output)
  log.warn({ gate: 'pool shop', limit: 500 }, 'pool shop is full')
  assert.match(
    stripVTControlCharacters(output.text),
    /^\d\d:\d\d:\d\d warn {2}pool shop is full {2}gate="pool shop" limit=500\n$/,
  )
})

test('a number that was measured is written with three decimals at most', () => {
  const output = memory(false)
  createAppLog('info', output).info({ duration: 11777.299027000001, waits: [0.1 + 0.2], refused: { n: 3 } }, 'x')
  const { duration, waits, refused } = JSON.parse(output.text) as Record<string, unknown>
  assert.deepEqual({ duration, waits, refused }, { duration: 11777.299, waits: [0.3], refused: { n: 3 } })
})

test('an error is shown with its stack, indented', () => {
  const output = memory(true)
  createAppLog('info', output).error(new Error('it broke'), 'reload failed')
  const lines = stripVTControlCharacters(output.text).split('\n')
  assert.match(lines[0]!, /error reload failed$/)
  assert.match(lines[1]!, /^ {9}Error: it broke$/)
})

test('secrets are not written', () => {
  for (const isTTY of [false, true]) {
    const output = memory(isTTY)
    const log = createAppLog('info', output)
    log.info({ password: 'hunter2', admin: { token: 'hunter2' }, headers: { in: { cookie: 'hunter2' } } }, 'x')
    assert.doesNotMatch(output.text, /hunter2/)
    assert.match(output.text, /not shown/)
  }
})

test('a line cannot command the terminal', () => {
  const line = humanLine(
    JSON.stringify({ level: 'info', time: '2026-11-20T19:59:00Z', message: 'a\x1b]0;x\x07b', x: '\x9b31m' }),
  )
  assert.doesNotMatch(stripVTControlCharacters(line), /\p{Cc}/u)
  assert.match(line, /a\\x1b\]0;x\\x07b/)
  assert.equal(humanLine('not json\x1b[2J\n'), 'not json\\x1b[2J')
})
