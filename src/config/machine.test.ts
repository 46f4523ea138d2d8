import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFilesIn, readMachine } from './machine.ts'

test('the soft limit of open files is read from what the kernel says', () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units
Max processes             63000                63000                processes
Max open files            1024                 524288               files
`
  assert.equal(openFilesIn(text), 1024)
  assert.equal(openFilesIn(text.replace('1024', 'unlimited')), null)
  assert.equal(openFilesIn(''), null)
})

test('a machine that tells nothing leaves everything open', () => {
  const { openFiles, firstFreePort } = readMachine()
  assert.ok(openFiles === undefined || openFiles > 0)
  assert.ok(firstFreePort === undefined || firstFreePort >= 0)
})
