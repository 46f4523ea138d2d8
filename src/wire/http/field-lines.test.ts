import assert from 'node:assert/strict'
import { it } from 'node:test'
import { linesOf, listIn, namesIn, valueIn, withoutLines } from './field-lines.ts'

const lines = 'A: 1\r\nB-c: x: y\r\na: 2\r\nD:\r\n'

it('takes out lines by name, in any case, and leaves the others as they are', () => {
  assert.equal(withoutLines(lines, new Set(['a'])), 'B-c: x: y\r\nD:\r\n')
  assert.equal(withoutLines(lines, new Set(['b-c', 'd'])), 'A: 1\r\na: 2\r\n')
  assert.equal(withoutLines(lines, new Set(['x'])), lines)
  assert.equal(withoutLines(lines, new Set(['a', 'b-c', 'd'])), '')
  assert.equal(withoutLines('', new Set(['a'])), '')
})

it('finds the lines of some names, in their order', () => {
  assert.equal(linesOf(lines, new Set(['a', 'd', 'x'])), 'A: 1\r\na: 2\r\nD:\r\n')
  assert.equal(linesOf(lines, new Set(['x'])), '')
})

it('finds the first value of a name', () => {
  assert.equal(valueIn(lines, 'a'), '1')
  assert.equal(valueIn(lines, 'b-c'), 'x: y')
  assert.equal(valueIn(lines, 'd'), '')
  assert.equal(valueIn(lines, 'x'), '')
})

it('makes one list of all values of a name', () => {
  assert.equal(listIn(lines, 'a'), '1, 2')
  assert.equal(listIn(lines, 'b-c'), 'x: y')
  assert.equal(listIn(lines, 'd'), '')
  assert.equal(listIn(lines, 'x'), '')
})

it('lists the names, each once', () => {
  assert.deepEqual([...namesIn(lines)], ['a', 'b-c', 'd'])
})
