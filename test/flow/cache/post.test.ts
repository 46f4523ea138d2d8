/** Answers to POST that say they are what a GET would bring (RFC 9110 §9.3.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Shop, shop } from '../../kit/cache-origin.ts'

/** Posts to a path and gets it; was the second one served from the store? */
async function postThenGet(at: Shop, path: string, fields: string, status = '200 OK'): Promise<boolean> {
  at.origin.says(path, fields, status)
  const body = 'what is posted'
  at.client.send(`POST ${path} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const first = await at.client.response()
  const second = await at.client.get(path).response()
  assert.equal(first.body, `${path.slice(1)} 1`)
  assert.equal(second.body, `${path.slice(1)} ${at.origin.count(path)}`)
  return at.origin.count(path) === 1
}

test('an answer to POST with its own Content-Location and a lifetime answers the next GET (RFC 9110 §9.3.3)', async () => {
  await using at = await shop()
  assert.equal(await postThenGet(at, '/a', 'Cache-Control: max-age=60\r\nContent-Location: /a\r\n'), true)
  assert.equal(
    await postThenGet(at, '/b', 'Cache-Control: max-age=60\r\nContent-Location: http://shop.test/b\r\n'),
    true,
  )
})

test('an answer to POST that does not say so is not stored', async () => {
  await using at = await shop()
  assert.equal(await postThenGet(at, '/a', 'Cache-Control: max-age=60\r\n'), false)
  assert.equal(await postThenGet(at, '/b', 'Cache-Control: max-age=60\r\nContent-Location: /c\r\n'), false)
  assert.equal(
    await postThenGet(at, '/d', 'Content-Location: /d\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n'),
    false,
  )
  assert.equal(await postThenGet(at, '/e', 'Cache-Control: max-age=60, private\r\nContent-Location: /e\r\n'), false)
  assert.equal(
    await postThenGet(at, '/f', 'Cache-Control: max-age=60\r\nContent-Location: /f\r\n', '201 Created'),
    false,
  )
  assert.equal(
    await postThenGet(at, '/g', 'Cache-Control: max-age=60\r\nContent-Location: http://other.test/g\r\n'),
    false,
  )
})
