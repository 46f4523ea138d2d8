/** What the repository as a whole may and may not contain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repository, type TextFile } from './tree.ts'

const files = repository()
const get = (path: string): TextFile => {
  const file = files.find((one) => one.path === path)
  assert.ok(file, `${path} is missing`)
  return file
}

function matching(pattern: RegExp, where: (path: string) => boolean = () => true): string[] {
  const found: string[] = []
  for (const { path, text } of files) {
    if (!where(path)) continue
    text.split('\n').forEach((line, i) => {
      if (pattern.test(line)) found.push(`${path}:${i + 1} ${line.trim()}`)
    })
  }
  return found
}

test('nothing is left for later in the code', () => {
  // A class around one letter keeps this file from finding itself, here and below.
  const words = /\b(T[O]DO|FIX[M]E|X[X]X)\b|not impl[e]mented/
  assert.deepEqual(
    matching(words, (path) => /^(src|bin|scripts|test|bench)\//.test(path)),
    [],
  )
})

test('no path of one machine stands in a file', () => {
  const paths = /\/(w[o]rk|f[a]rm|r[o]ot|h[o]me\/[a-z]+)\/|\/t[m]p\/[a-z]/i
  assert.deepEqual(
    matching(paths, (path) => path !== 'package-lock.json'),
    [],
  )
})

test('the lock file names versions and checksums, and no place to load them from', () => {
  assert.doesNotMatch(get('package-lock.json').text, /"resolved"|https?:\/\/[^"]*regis/)
})

test('no registry is named anywhere', () => {
  assert.deepEqual(matching(/https?:\/\/[a-z.-]*regis[t]ry[a-z.-]*/), [])
})

test('no dependency runs a script when it is installed', () => {
  assert.doesNotMatch(get('package-lock.json').text, /"hasInstallScript"/)
})

test('no test is skipped for good or is the only one', () => {
  const marks = /\b(test|it|describe|suite)\.(sk[i]p|on[l]y|to[d]o)\(|\b(sk[i]p|on[l]y): true/
  assert.deepEqual(
    matching(marks, (path) => path.endsWith('.test.ts')),
    [],
  )
})

test('the README names the two commands a newcomer needs', () => {
  const { text } = get('README.md')
  assert.match(text, /npm ci && npm start/)
  assert.match(text, /npm ci && npm test/)
})

test('the version of the package has its entry in the changelog', () => {
  const { version } = JSON.parse(get('package.json').text) as { version: string }
  assert.ok(get('CHANGELOG.md').text.includes(`## ${version}`))
})
