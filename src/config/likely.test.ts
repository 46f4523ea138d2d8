import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, likely } from './likely.ts'

test('edits are insertions, deletions, replacements and swaps of neighbours', () => {
  assert.equal(editDistance('', 'abc'), 3)
  assert.equal(editDistance('queue', 'queue'), 0)
  assert.equal(editDistance('queu', 'queue'), 1)
  assert.equal(editDistance('qeuue', 'queue'), 1)
  assert.equal(editDistance('kitten', 'sitting'), 3)
})

test('a misspelt word, a word in another style and a word of a neighbour are recognised', () => {
  const keys = ['servers', 'maxConnections', 'queue', 'balance', 'timeouts', 'health']
  const cases: [string, string | null][] = [
    ['sevrers', 'servers'],
    ['max_connections', 'maxConnections'],
    ['max-connections', 'maxConnections'],
    ['MAXCONNECTIONS', 'maxConnections'],
    ['maxconn', 'maxConnections'],
    ['max_conns', 'maxConnections'],
    ['timeout', 'timeouts'],
    ['healthcheck', 'health'],
    ['bal', 'balance'],
    ['zzz', null],
    ['x', null],
  ]
  for (const [word, meant] of cases) assert.equal(likely(word, keys), meant, word)
})
