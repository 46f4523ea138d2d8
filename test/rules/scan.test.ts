import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt, scan } from './scan.ts'

const squeeze = (code: string): string => code.replace(/\s+/g, ' ').trim()

test('comments and strings are no code', () => {
  const { code, strings } = scan(`const a = 'x // 503' // 503\n/* 502 */ const b = "it's" + 504`)
  assert.equal(squeeze(code), 'const a = const b = + 504')
  assert.deepEqual(
    strings.map((s) => s.text),
    ['x // 503', "it's"],
  )
})

test('an expression inside a template is code again, however deep', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a program with a template in it
  const { code, strings } = scan('const a = `one ${f({ b: `two ${503} three` })} four` + 1')
  assert.equal(squeeze(code), 'const a = f({ b: 503 }) + 1')
  assert.deepEqual(
    strings.map((s) => s.text),
    ['one ', 'two ', ' three', ' four'],
  )
})

test('a regular expression with a quote or a slash in a class does not open a string', () => {
  const { code } = scan(`const a = b.replace(/['"/]+/g, '') / 2 / c // end`)
  assert.equal(squeeze(code), 'const a = b.replace( g, ) / 2 / c')
})

test('the line of an offset is counted from one', () => {
  assert.equal(lineAt('a\nb\nc', 0), 1)
  assert.equal(lineAt('a\nb\nc', 4), 3)
})
