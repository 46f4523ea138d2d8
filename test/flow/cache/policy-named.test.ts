/** What an unsafe request makes invalid however the server names it (RFC 9111 §4.4), as browsers would write it and letter by letter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'

/** Stores a target of a path, has an answer to POST name something in Location, and tells whether the target was fetched again. */
async function goes(at: Shop, target: string, location: string, field = 'Location'): Promise<boolean> {
  const path = target.replace(/\?.*/, '')
  for (const one of [path, '/x/y']) {
    at.origin.on(one, (asked, n) => {
      if (asked.head.startsWith('GET')) asked.answer(`${n}`, 'Cache-Control: max-age=60\r\n')
      else asked.answer('', `${field}: ${location}\r\n`, '201 Created')
    })
  }
  const first = (await at.client.get(target).response()).body
  assert.equal((await at.client.get(target).response()).body, first)
  const change = 'POST /x/y?z HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n'
  assert.equal((await at.client.send(change).response()).status, 201)
  return (await at.client.get(target).response()).body !== first
}

test('a reference makes the target invalid that is written as it is, and the one that a browser makes of it', async () => {
  await using at = await shop()
  for (const [target, location] of [
    ['/a{b}', '/a{b}'],
    ['/a%7Bb%7D', '/a{b}'],
    ['/a^b', 'http://shop.test/a^b#c'],
    ['/a/./b', '/a/./b'],
    ['/a/b', '/a/./b'],
    ['/x/{c}', '{c}'],
    ['/x/../{d}', '../{d}'],
    ['/{d}', '../{d}'],
    ["/x/y?x='1'", "?x='1'"],
    ['/x/y?x=%271%27', "?x='1'"],
    ['/?q^', '//shop.test?q^'],
    ['/caf%C3%A9', '/caf\u00e9'],
  ] as const) {
    for (const field of ['Location', 'Content-Location'])
      assert.equal(await goes(at, target, location, field), true, `${target} by ${field}: ${location}`)
  }
})

test('a reference to another host, port or scheme makes nothing invalid, whatever its path', async () => {
  await using at = await shop()
  for (const location of ['//elsewhere.test/a{b}', 'http://shop.test:81/a{b}', 'https://shop.test/a{b}', 'urn:/a{b}'])
    assert.equal(await goes(at, '/a{b}', location), false, location)
})
