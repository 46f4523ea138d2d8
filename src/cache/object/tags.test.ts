/** The tags of responses, as caches of other makes read them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { responseHead } from '../../../test/kit/heads.ts'
import { tagsOf } from './tags.ts'

const tags = (...lines: string[]): string => tagsOf(responseHead(200, ...lines))

test('spaces separate the tags of Surrogate-Key and xkey, commas those of Cache-Tag', () => {
  assert.equal(tags('Surrogate-Key: a,b c', 'xkey: d,e\tf'), 'a,b c d,e f')
  assert.equal(tags('Cache-Tag: a,b , c,,d'), 'a b c d')
})

test('several lines of a field are one list, and a tag is there once', () => {
  assert.equal(tags('Surrogate-Key: a b', 'Surrogate-Key: c,d', 'surrogate-key: a'), 'a b c,d')
  assert.equal(tags('Cache-Tag: a', 'Cache-Tag: b,a', 'xkey: b'), 'b a')
  assert.equal(tags('Content-Type: text/html'), '')
})
