import assert from 'node:assert/strict'
import { it } from 'node:test'
import { causeNames } from '../../base/cause.ts'
import { explained, isOf, isStored, passedBy, reasons, reasonsTable } from './reasons.ts'

it('has a sentence for each reason, and a remedy for each that something was not stored', () => {
  for (const [reason, { says, fix }] of Object.entries(reasons)) {
    assert.match(reason, /^[a-z-]+$/)
    assert.match(says, /^[A-Z].*\.$/, reason)
    if (Object.hasOwn(isStored, reason)) assert.equal(fix, '', reason)
    else assert.match(fix, /^[A-Z].*\.$/, reason)
    assert.doesNotMatch(says + fix, /[|\n]/, 'it stands in a table')
  }
})

it('has the row of a cause for what failed, and no name that is also one', () => {
  for (const cause of causeNames) {
    assert.ok(!Object.hasOwn(reasons, cause), cause)
    assert.match(explained(cause).fix, /[.?]$/, cause)
  }
  assert.match(explained('connect_refused').says, /\.$/)
  assert.deepEqual(explained('too-large'), reasons['too-large'])
})

it('knows what passed by, which says nothing of any answer', () => {
  assert.ok(isOf(passedBy, 'bypass'))
  assert.ok(!isOf(passedBy, 'private'))
  assert.ok(!isOf(passedBy, 'pool_full'))
})

it('is a table with a line for each reason that something was not stored', () => {
  const lines = reasonsTable().split('\n')
  assert.equal(lines.length, 2 + Object.keys(reasons).length - Object.keys(isStored).length)
  for (const line of lines) assert.equal(line.split('|').length, 5, line)
  assert.ok(lines.some((line) => line.startsWith('| `says-nothing` |')))
})
