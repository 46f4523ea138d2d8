/** A test's name says what is true, so that the list of names reads as a description of Headgate. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sources, tests } from './tree.ts'

/** Basenames that stand for one idea at two floors, where the folder tells them apart. */
const twins: Readonly<Record<string, string>> = {
  'check.ts': 'the command, and what it checks',
  'generation.ts': 'as exchanges see it, and as the thread makes it',
  'index.ts': 'what a folder shows to others',
  'listener.ts': 'its settings, and the listener at work',
  'occupancy.ts': 'its keys in the ledger, and its readings',
  'origin-connection.ts': 'the seam, and HTTP/1 behind it',
  'pool.ts': 'its settings, and the pool at work',
  'responder.ts': 'the seam, and HTTP/1 behind it',
  'route-cache.ts': 'its settings, and the cache at work',
  'route.ts': 'its settings, and the route at work',
  'server.ts': 'a server of a pool, and the server of the admin API',
}

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

test('no two files of the program have one basename without a reason', () => {
  const byName = Map.groupBy(sources(), ({ path }) => path.slice(path.lastIndexOf('/') + 1))
  const shared = [...byName].filter(([, files]) => files.length > 1).map(([name]) => name)
  assert.deepEqual(shared.sort(), Object.keys(twins))
})
