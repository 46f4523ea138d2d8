import assert from 'node:assert/strict'
import { it } from 'node:test'
import { equalsLower, HEX, latin1, QUERY, TARGET, TOKEN } from './bytes.ts'

function members(table: Uint8Array): string {
  let all = ''
  for (let code = 0; code < 256; code++) if (table[code] === 1) all += String.fromCharCode(code)
  return all
}

it('has the characters of a token (RFC 9110 §5.6.2)', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz'
  assert.equal(members(TOKEN), `!#$%&'*+-.0123456789${letters}|~`)
})

it('has the characters of a target, which are visible ASCII without five, and four in a query', () => {
  let visible = ''
  for (let code = 0x21; code < 0x7f; code++) visible += String.fromCharCode(code)
  assert.equal(members(TARGET), visible.replace(/["#<>\\]/g, ''))
  assert.equal(members(QUERY), visible.replace(/["#<>]/g, ''))
})

it('knows hexadecimal digits in both cases', () => {
  for (let value = 0; value < 16; value++) {
    assert.equal(HEX[value.toString(16).charCodeAt(0)], value)
    assert.equal(HEX[value.toString(16).toUpperCase().charCodeAt(0)], value)
  }
  assert.equal(HEX.filter((value) => value !== 255).length, 22)
})

it('compares without regard to case, and takes no other character for a letter', () => {
  assert.equal(equalsLower('..Keep-Alive..', 2, 12, 'keep-alive'), true)
  assert.equal(equalsLower('keep\ralive', 0, 10, 'keep-alive'), false)
  assert.equal(equalsLower('keep-alive', 0, 9, 'keep-alive'), false)
  assert.equal(equalsLower('[', 0, 1, '{'), false)
})

it('decodes every byte to one character', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, code) => code)
  const text = latin1(bytes.subarray(100), 28, 156)
  assert.equal(text.length, 128)
  assert.equal(text.charCodeAt(127), 255)
  assert.equal(latin1(Buffer.from(bytes), 128, 256), text)
})
