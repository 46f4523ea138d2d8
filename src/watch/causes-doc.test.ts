import assert from 'node:assert/strict'
import { test } from 'node:test'
import { causeNames, rowOf } from '../base/cause.ts'
import { causesReference } from './causes-doc.ts'

const page = causesReference()

test('causesReference has one row for each cause, under who has to act, with its status and advice', () => {
  const main = page.slice(0, page.indexOf('## What bad input gets'))
  for (const cause of causeNames) {
    const rows = main.split('\n').filter((line) => line.startsWith(`| \`${cause}\` |`))
    assert.equal(rows.length, 1, cause)
    const row = rowOf(cause)
    assert.ok(rows[0]!.includes(row.advice))
    if (row.status !== 0) assert.ok(rows[0]!.includes(`| ${row.status} |`))
  }
})

test('causesReference lists what bad input gets, by status', () => {
  const part = page.slice(page.indexOf('## What bad input gets'), page.indexOf('## End codes'))
  const rows = part.split('\n').filter((line) => /^\| \d/.test(line))
  assert.equal(rows.length, causeNames.filter((cause) => rowOf(cause).letter === 'B').length)
  const statuses = rows.map((row) => Number(row.split('|')[1]))
  assert.deepEqual(statuses.toSorted(), statuses)
})

test('causesReference explains every letter and every stage of an end code', () => {
  const part = page.slice(page.indexOf('## End codes'))
  for (const cause of causeNames) {
    const row = part.split('\n').find((line) => line.startsWith(`| \`${rowOf(cause).letter}\` |`))
    assert.ok(row?.includes(`\`${cause}\``), cause)
    assert.ok(!row?.includes('| – |'))
  }
  for (const stage of 'RQCHDL') assert.match(part, new RegExp(`^\\| \`${stage}\` \\|`, 'm'))
})

test('causesReference is a well-formed page', () => {
  assert.match(page, /\n$/)
  assert.doesNotMatch(page, /\n\n\n|undefined|null \|/)
  const tables = page.split('\n\n').filter((block) => block.startsWith('|'))
  for (const table of tables) {
    const cells = table
      .trimEnd()
      .split('\n')
      .map((row) => row.replaceAll('\\|', '').split('|').length)
    assert.equal(new Set(cells).size, 1)
  }
})
