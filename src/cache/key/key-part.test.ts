import assert from 'node:assert/strict'
import { it } from 'node:test'
import { byTheRfc } from '../../../test/kit/cache-settings.ts'
import { get } from '../../../test/kit/heads.ts'
import { isKeyPart, keyParts, keyPartValue, shownChoice } from './key-part.ts'
import { variantOf } from './vary.ts'

const names = keyParts({ ...byTheRfc.key, headers: ['x-a'], cookies: ['lang', 'ab_*'] })

it('makes a name of each field and cookie, which no field can have', () => {
  assert.deepEqual(names, [':h x-a', ':c lang', ':c ab_*'])
  assert.ok(names.every(isKeyPart))
  assert.ok(!['x-a', 'cookie', '*', ''].some(isKeyPart))
  assert.deepEqual(keyParts(byTheRfc.key), [])
})

/** Whether two requests are the same by one of these names. */
function same(name: string, one: readonly string[], other: readonly string[]): boolean {
  return keyPartValue(name, get(...one)) === keyPartValue(name, get(...other))
}

it('takes the values of a field as they came, and a missing one for another than an empty one', () => {
  assert.ok(same(':h x-a', ['X-A: 1', 'X-B: 1'], ['x-a:  1']))
  assert.ok(!same(':h x-a', ['X-A: 1'], ['X-A: 2']))
  assert.ok(!same(':h x-a', ['X-A:'], []))
  assert.ok(!same(':h x-a', ['X-A: 1', 'X-A: 2'], ['X-A: 1, 2']))
})

it('takes the cookies that are meant and no others', () => {
  assert.ok(same(':c lang', ['Cookie: id=5; lang=de'], ['Cookie: lang=de;x=y']))
  assert.ok(same(':c lang', ['Cookie: a=b', 'Cookie: lang=de'], ['Cookie: lang=de']))
  assert.ok(same(':c lang', ['Cookie: Lang=de; xlang=de; lang'], []))
  assert.ok(!same(':c lang', ['Cookie: lang=de,1'], ['Cookie: lang=de,2']))
  assert.ok(!same(':c lang', ['Cookie: lang='], []))
  assert.ok(same(':c l*', ['Cookie: l1=a; x=y; l2=b'], ['Cookie: l2=b; l1=a']))
  assert.ok(!same(':c l*', ['Cookie: l1=a'], ['Cookie: l1=a; l2=b']))
})

it('takes two cookies of one name in their order, of which servers take the one or the other', () => {
  assert.ok(!same(':c lang', ['Cookie: lang=de; lang=en'], ['Cookie: lang=en; lang=de']))
})

it('stands beside the fields that Vary names', () => {
  const head = get('X-A: 1', 'X-B: 2', 'Cookie: lang=de; ab_y=2; ab_x=1')
  assert.equal(variantOf([...names, 'x-b'], head), ':h x-a:1\n:c lang;lang=de\n:c ab_*;ab_x=1;ab_y=2\nx-b:2\n')
  assert.equal(variantOf([...names, 'x-b'], get()), ':h x-a\n:c lang\n:c ab_*\nx-b\n')
})

it('is shown as people write it', () => {
  assert.deepEqual(shownChoice(':h x-a:1:2'), ['x-a', '1:2'])
  assert.deepEqual(shownChoice(':h x-a:'), ['x-a', ''])
  assert.deepEqual(shownChoice(':c a:b*;a:b1=c;a:b2=d'), ['cookie a:b*', 'a:b1=c; a:b2=d'])
  assert.deepEqual(shownChoice('accept-language:de'), ['accept-language', 'de'])
  for (const [line, name] of [
    [':h x-a', 'x-a'],
    [':c lang', 'cookie lang'],
    ['x-b', 'x-b'],
  ] as const)
    assert.deepEqual(shownChoice(line), [name, null])
  for (const line of ['', ':h ', ':c ']) assert.equal(shownChoice(line), null, line)
})
