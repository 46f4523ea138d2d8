import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { isWeakTag, parseEntityTag, parseEntityTags, sameStrong, sameWeak } from './entity-tag.ts'

it('takes strong and weak tags, and nothing else for one (RFC 9110 §8.8.3)', () => {
  for (const tag of ['"a"', '""', 'W/"a"', '"a,b"', '"a\\"', '"\u00e9"']) assert.equal(parseEntityTag(tag), tag)
  for (const text of ['', 'a', '"a', 'a"', 'w/"a"', 'W/a', "'a'", '"a b"', '"a" ', '"a""b"', '"a\u007f"', '*', 'W/']) {
    assert.equal(parseEntityTag(text), null, text)
  }
})

it('reads lists of them, and the star (§13.1.1, §13.1.2)', () => {
  assert.deepEqual(parseEntityTags('"a", W/"b" ,,"c,d"'), ['"a"', 'W/"b"', '"c,d"'])
  assert.deepEqual(parseEntityTags(' "a"\t'), ['"a"'])
  assert.equal(parseEntityTags(' * '), '*')
  for (const text of ['', ',', 'a', '"a" "b"', '"a", b', '"a", *', '"a'])
    assert.equal(parseEntityTags(text), null, text)
})

it('compares as the table of §8.8.3.2 does', () => {
  const rows: [string, string, boolean, boolean][] = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ]
  for (const [a, b, strong, weak] of rows) {
    assert.equal(sameStrong(a, b), strong, `${a} ${b}`)
    assert.equal(sameWeak(a, b), weak, `${a} ${b}`)
    assert.equal(sameWeak(b, a), weak, `${b} ${a}`)
  }
  assert.equal(isWeakTag('"W/"'), false)
})

it('reads every list that it joins', () => {
  const tag = fc
    .tuple(fc.boolean(), fc.stringMatching(/^[!#-~]*$/))
    .map(([weak, text]) => `${weak ? 'W/' : ''}"${text}"`)
  fc.assert(
    fc.property(fc.array(tag, { minLength: 1 }), fc.string(), (tags, junk) => {
      assert.deepEqual(parseEntityTags(tags.join(', ')), tags)
      parseEntityTags(junk)
    }),
    { numRuns: 300 },
  )
})
