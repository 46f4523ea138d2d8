/** A test's name says what is true, so that the list of names reads as a description of Headgate. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tests } from './tree.ts'

const named =
  /(?:^|\n)\s*(?:await\s+)?(?:t\.)?(?:test|it)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g

function namesIn(text: string): string[] {
  return [...text.matchAll(named)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

test('the name of every test is a sentence', () => {
  const poor: string[] = []
  for (const { path, text } of tests()) {
    for (const name of namesIn(text)) {
      const words = name.split(/\s+/).filter((word) => word !== '')
      if (words.length < 3 || /^should\b/i.test(name)) poor.push(`${path}: ${name}`)
    }
  }
  assert.deepEqual(poor, [])
})

test('no two tests of a file have the same name', () => {
  const twice: string[] = []
  for (const { path, text } of tests()) {
    const names = namesIn(text)
    for (const [i, name] of names.entries()) if (names.indexOf(name) !== i) twice.push(`${path}: ${name}`)
  }
  assert.deepEqual(twice, [])
})
